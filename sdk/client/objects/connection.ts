import { NullspaceClient, type NullspaceClientOptions } from "../client.ts";

/**
 * How an object reaches the service: through a client of yours, which stays open, or through one of its own made from
 * the settings (`apiKey`, `baseUrl`, environment, files).
 */
export interface ConnectionOptions extends Pick<NullspaceClientOptions, "apiKey" | "baseUrl" | "timeoutMs"> {
  /** Use this client; it is yours to close. */
  client?: NullspaceClient | undefined;
}

/** A client, and whose it is to close. */
export interface Connection {
  readonly client: NullspaceClient;
  /** Closes the client if it was made here. */
  close(): Promise<void>;
}

/** Opens a connection. The options may have others beside these. */
export function connect({ client, apiKey, baseUrl, timeoutMs }: ConnectionOptions): Connection {
  if (client !== undefined) return { client, close: () => Promise.resolve() };
  const own = new NullspaceClient({ apiKey, baseUrl, timeoutMs });
  return { client: own, close: () => own.close() };
}

/** Does one thing with a connection, and closes it. */
export async function withClient<T>(
  options: ConnectionOptions,
  act: (client: NullspaceClient) => Promise<T>,
): Promise<T> {
  const connection = connect(options);
  try {
    return await act(connection.client);
  } finally {
    await connection.close();
  }
}

/** Makes an object that keeps the connection, or closes it when the making fails. */
export async function keepClient<T>(
  options: ConnectionOptions,
  make: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = connect(options);
  try {
    return await make(connection);
  } catch (error) {
    await connection.close();
    throw error;
  }
}
