/** What is asked of a BuildKit daemon (buildkit, api/services/control/control.proto), as far as it is used here. */
export const CONTROL_PROTO = `
  syntax = "proto3";
  package moby.buildkit.v1;
  service Control {
    rpc Solve(SolveRequest) returns (SolveResponse);
    rpc Status(StatusRequest) returns (stream StatusResponse);
    rpc Session(stream BytesMessage) returns (stream BytesMessage);
    rpc ListWorkers(ListWorkersRequest) returns (ListWorkersResponse);
  }
  message ListWorkersRequest {}
  message ListWorkersResponse { repeated WorkerRecord record = 1; }
  message WorkerRecord { string ID = 1; map<string, string> Labels = 2; }
  message SolveRequest {
    string Ref = 1;
    string ExporterDeprecated = 3;
    map<string, string> ExporterAttrsDeprecated = 4;
    string Session = 5;
    string Frontend = 6;
    map<string, string> FrontendAttrs = 7;
    CacheOptions Cache = 8;
    repeated string Entitlements = 9;
    repeated Exporter Exporters = 13;
  }
  message CacheOptions {
    repeated CacheOptionsEntry Exports = 4;
    repeated CacheOptionsEntry Imports = 5;
  }
  message CacheOptionsEntry { string Type = 1; map<string, string> Attrs = 2; }
  message Exporter { string Type = 1; map<string, string> Attrs = 2; }
  message SolveResponse { map<string, string> ExporterResponse = 1; }
  message StatusRequest { string Ref = 1; }
  message StatusResponse {}
  message BytesMessage { bytes data = 1; }
`;
