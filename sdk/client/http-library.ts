/**
 * What is used of undici, loaded with the first call: a program that only registers resources does without. A file of its
 * own, because names of a CommonJS library can be imported later only from a module that lists them.
 */
export { Agent, EnvHttpProxyAgent, request } from "undici";
