/** What travels when folders do (tonistiigi/fsutil, types/wire.proto and stat.proto). */
const PACKET_PROTO = `
    message Packet {
      int32 type = 1;
      Stat stat = 2;
      uint32 ID = 3;
      bytes data = 4;
    }
    message Stat {
      string path = 1;
      uint32 mode = 2;
      uint32 uid = 3;
      uint32 gid = 4;
      int64 size = 5;
      int64 modTime = 6;
      string linkname = 7;
    }
`;

/** A piece of a stream of bytes, which is what several services exchange. */
export interface BytesMessage {
  data: Uint8Array;
}

/**
 * What a BuildKit session asks of its client, as far as it is used here: buildkit, session/auth/auth.proto,
 * session/secrets/secrets.proto, session/sshforward/ssh.proto, session/upload/upload.proto, session/filesync/filesync.proto. Kept as
 * text in a module, so that it is compiled along with the code that reads it.
 */
export const SESSION_PROTOS = {
  auth: `
    syntax = "proto3";
    package moby.filesync.v1;
    service Auth {
      rpc Credentials(CredentialsRequest) returns (CredentialsResponse);
    }
    message CredentialsRequest { string Host = 1; }
    message CredentialsResponse { string Username = 1; string Secret = 2; }
  `,
  secrets: `
    syntax = "proto3";
    package moby.buildkit.secrets.v1;
    service Secrets {
      rpc GetSecret(GetSecretRequest) returns (GetSecretResponse);
    }
    message GetSecretRequest { string ID = 1; map<string, string> annotations = 2; }
    message GetSecretResponse { bytes data = 1; }
  `,
  ssh: `
    syntax = "proto3";
    package moby.sshforward.v1;
    service SSH {
      rpc CheckAgent(CheckAgentRequest) returns (CheckAgentResponse);
      rpc ForwardAgent(stream BytesMessage) returns (stream BytesMessage);
    }
    message BytesMessage { bytes data = 1; }
    message CheckAgentRequest { string ID = 1; }
    message CheckAgentResponse {}
  `,
  upload: `
    syntax = "proto3";
    package moby.upload.v1;
    service Upload {
      rpc Pull(stream BytesMessage) returns (stream BytesMessage);
    }
    message BytesMessage { bytes data = 1; }
  `,
  fileSend: `
    syntax = "proto3";
    package moby.filesync.v1;
    service FileSend {
      rpc DiffCopy(stream BytesMessage) returns (stream BytesMessage);
    }
    message BytesMessage { bytes data = 1; }
  `,
  // The same service with other messages: a `local` exporter sends packets where the others send bytes.
  folderSend: `
    syntax = "proto3";
    package moby.filesync.v1;
    service FileSend {
      rpc DiffCopy(stream Packet) returns (stream Packet);
    }
    ${PACKET_PROTO}
  `,
  health: `
    syntax = "proto3";
    package grpc.health.v1;
    service Health {
      rpc Check(HealthCheckRequest) returns (HealthCheckResponse);
    }
    message HealthCheckRequest { string service = 1; }
    message HealthCheckResponse { int32 status = 1; }
  `,
};
