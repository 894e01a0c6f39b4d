import { ErrorEnvelope } from "pulumi-nullspace/wire";

/** Statuses of errors that any call may answer, with their body. */
export const ERROR_RESPONSES = {
  400: ErrorEnvelope,
  401: ErrorEnvelope,
  403: ErrorEnvelope,
  404: ErrorEnvelope,
  409: ErrorEnvelope,
  413: ErrorEnvelope,
  415: ErrorEnvelope,
  500: ErrorEnvelope,
  503: ErrorEnvelope,
} as const;
