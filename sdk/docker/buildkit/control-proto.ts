/** What is asked of a BuildKit daemon (buildkit, api/services/control/control.proto), as far as it is used here. */
export const CONTROL_PROTO = `
  syntax = "proto3";
  package moby.buildkit.v1;
  service Control {
    rpc Solve(SolveRequest) returns (SolveResponse);
    rpc Status(StatusRequest) returns (stream StatusResponse);
    rpc Session(stream BytesMessage) returns (stream BytesMessage);
    rpc ListWorkers(ListWorkersRequest) returns (ListWorkersResponse);
    rpc Info(InfoRequest) returns (InfoResponse);
    rpc DiskUsage(DiskUsageRequest) returns (DiskUsageResponse);
    rpc Prune(PruneRequest) returns (stream UsageRecord);
    rpc ListenBuildHistory(BuildHistoryRequest) returns (stream BuildHistoryEvent);
    rpc UpdateBuildHistory(UpdateBuildHistoryRequest) returns (UpdateBuildHistoryResponse);
  }
  message Timestamp { int64 seconds = 1; int32 nanos = 2; }
  message InfoRequest {}
  message InfoResponse { BuildkitVersion buildkitVersion = 1; }
  message BuildkitVersion { string package = 1; string version = 2; string revision = 3; }
  message DiskUsageRequest { repeated string filter = 1; }
  message DiskUsageResponse { repeated UsageRecord record = 1; }
  message UsageRecord {
    string ID = 1;
    bool Mutable = 2;
    bool InUse = 3;
    int64 Size = 4;
    Timestamp CreatedAt = 6;
    Timestamp LastUsedAt = 7;
    int64 UsageCount = 8;
    string Description = 9;
    string RecordType = 10;
    bool Shared = 11;
    repeated string Parents = 12;
  }
  message PruneRequest {
    repeated string filter = 1;
    bool all = 2;
    int64 keepDuration = 3;
    int64 reservedSpace = 4;
    int64 maxUsedSpace = 5;
    int64 minFreeSpace = 6;
  }
  message BuildHistoryRequest {
    bool ActiveOnly = 1;
    string Ref = 2;
    bool EarlyExit = 3;
    repeated string Filter = 4;
    int32 Limit = 5;
  }
  enum BuildHistoryEventType { STARTED = 0; COMPLETE = 1; DELETED = 2; }
  message BuildHistoryEvent { BuildHistoryEventType type = 1; BuildHistoryRecord record = 2; }
  message BuildHistoryRecord {
    string Ref = 1;
    string Frontend = 2;
    map<string, string> FrontendAttrs = 3;
    RpcStatus error = 5;
    Timestamp CreatedAt = 6;
    Timestamp CompletedAt = 7;
    map<string, string> ExporterResponse = 9;
    bool pinned = 14;
    int32 numCachedSteps = 15;
    int32 numTotalSteps = 16;
    int32 numCompletedSteps = 17;
  }
  message RpcStatus { int32 code = 1; string message = 2; }
  message UpdateBuildHistoryRequest { string Ref = 1; bool Pinned = 2; bool Delete = 3; }
  message UpdateBuildHistoryResponse {}
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
