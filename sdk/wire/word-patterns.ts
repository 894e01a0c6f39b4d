// Apart from the schemas, for those who write a Dockerfile and should not load zod for it.

/** One line, without control characters: what an instruction of a Dockerfile can name. */
export const LINE = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/;

/** Name of a variable that a shell can set (POSIX, "Name"). */
export const SHELL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
