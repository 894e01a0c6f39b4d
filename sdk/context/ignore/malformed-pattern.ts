/** A pattern that its syntax does not allow; the message says how. Reading the file turns it into an error with a line. */
export class MalformedPatternError extends Error {}
