/**
 * The floors of the house: imports point down only, and form no circles; type-only imports count too.
 *
 *   examples > provider, service > sdk (client, template, docker > context, wire)
 *   sdk/docker: engine > build > buildkit > session > grpc, protos, auth
 *
 * @type {import("dependency-cruiser").IConfiguration}
 */
const forbid = (name, from, to) => ({ name, severity: "error", from: { path: from }, to: { path: to } });

export default {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    forbid("sdk-imports-nothing-above", "^sdk/", "^(provider|service|bin|examples|test)/"),
    forbid("sdk-knows-no-pulumi", "^sdk/", "node_modules/@pulumi/"),
    forbid(
      "wire-imports-nothing-of-ours",
      "^sdk/wire/",
      "^sdk/(?!wire/|arguments/|(errors|schema|require-node)\\.ts$)",
    ),
    forbid("secrets-import-nothing-of-ours", "^sdk/secrets/", "^sdk/(?!secrets/|(errors|schema|require-node)\\.ts$)"),
    forbid(
      "arguments-import-nothing-of-ours",
      "^sdk/arguments/",
      "^sdk/(?!arguments/|(errors|schema|require-node)\\.ts$)",
    ),
    forbid("concurrency-imports-nothing-of-ours", "^sdk/concurrency/", "^sdk/(?!concurrency/|require-node\\.ts$)"),
    forbid("commands-import-nothing-of-ours", "^sdk/commands/", "^sdk/(?!commands/|require-node\\.ts$)"),
    forbid("tracing-imports-nothing-of-ours", "^sdk/tracing/", "^sdk/(?!tracing/|(require-node|package-file)\\.ts$)"),
    // Loaded when the environment asks for traces, and not before.
    forbid(
      "only-one-file-knows-opentelemetry",
      "^(?!sdk/tracing/open-telemetry\\.ts$)",
      "node_modules/@opentelemetry/",
    ),
    forbid(
      "context-stands-on-arguments-and-concurrency",
      "^sdk/context/",
      "^sdk/(?!context/|concurrency/|tracing/|arguments/|(errors|schema|require-node|package-file)\\.ts$)",
    ),
    forbid("dockerfile-stands-on-ignore-rules", "^sdk/dockerfile/", "^sdk/(?!dockerfile/|context/ignore/|arguments/)"),
    forbid(
      "docker-stands-on-context",
      "^sdk/docker/",
      "^sdk/(?!docker/|dockerfile/|context/|commands/|concurrency/|arguments/|(errors|schema|require-node)\\.ts$)",
    ),
    forbid("grpc-imports-nothing-of-ours", "^sdk/docker/grpc/", "^sdk/(?!docker/grpc/)"),
    forbid("protos-import-nothing-of-ours", "^sdk/docker/protos/", "^sdk/(?!docker/protos/)"),
    forbid(
      "docker-auth-knows-no-other-room",
      "^sdk/docker/auth/",
      "^sdk/(?!docker/(auth/|(argument-rules|errors)\\.ts$)|arguments/)",
    ),
    forbid(
      "session-stands-on-grpc-and-protos",
      "^sdk/docker/session/",
      "^sdk/(?!docker/(session/|grpc/|protos/|auth/|(engine-api|errors|socket-path)\\.ts$))",
    ),
    forbid("buildkit-stands-on-session", "^sdk/docker/buildkit/", "^sdk/(docker/build/|context/|dockerfile/)"),
    // They take what they need of it as EngineApi.
    forbid("parts-know-no-engine", "^sdk/docker/(?!(engine|index)\\.ts$)", "^sdk/docker/(engine|index)\\.ts$"),
    forbid(
      "rooms-of-docker-import-down",
      "^sdk/docker/(?!(build|buildkit|session)/|(engine|index)\\.ts$)",
      "^sdk/docker/(build|buildkit|session)/",
    ),
    forbid(
      "template-stands-on-wire-and-context",
      "^sdk/template/",
      "^sdk/(?!template/|wire/|context/|dockerfile/|arguments/|(errors|schema|require-node)\\.ts$)",
    ),
    forbid(
      "client-knows-no-engine",
      "^sdk/client/",
      "^sdk/(?!client/|template/|wire/|context/|concurrency/|secrets/|tracing/|arguments/|(errors|schema|require-node|package-file)\\.ts$)",
    ),
    forbid("provider-knows-no-service", "^provider/", "^(service|bin|examples|test)/"),
    forbid("service-knows-no-provider", "^service/", "^(provider|bin|examples|test)/"),
    forbid("store-knows-no-domain", "^service/store/", "^service/(?!store/|(caller|clock|errors|ids)\\.ts$)"),
    forbid(
      "guests-stand-on-the-store",
      "^service/fleet/guests/",
      "^service/(?!fleet/guests/|store/|(caller|clock|engine-stop|errors|ids)\\.ts$)",
    ),
    forbid(
      "machines-know-no-pools",
      "^service/fleet/machines/",
      "^service/(fleet/pools|http|builds|builders|drivers|artifacts)/",
    ),
    forbid(
      "pools-know-no-machines",
      "^service/fleet/pools/",
      "^service/(fleet/machines|http|builds|builders|drivers|artifacts)/",
    ),
    forbid(
      "drivers-know-guests-alone",
      "^service/drivers/",
      "^service/(?!drivers/|fleet/guests/|(clock|errors|ids|labels)\\.ts$)",
    ),
    forbid(
      "the-kubernetes-client-knows-no-driver",
      "^service/drivers/kubernetes/client/",
      "^service/(?!drivers/kubernetes/client/)",
    ),
    forbid(
      "templates-know-no-fleet-nor-builds",
      "^service/templates/",
      "^service/(fleet|http|builds|builders|drivers|artifacts)/",
    ),
    forbid(
      "parts-are-known-where-they-are-chosen",
      "^service/(?!(drivers|builders|artifacts|parts|bin)/)",
      "^service/(drivers|builders|artifacts)/",
    ),
    forbid("only-metrics-knows-prom-client", "^service/(?!metrics/)", "node_modules/prom-client/"),
    forbid("nothing-below-knows-metrics", "^service/(?!metrics/|assemble\\.ts$)", "^service/metrics/"),
    forbid("nothing-below-knows-tracing", "^service/(?!tracing/|assemble\\.ts$)", "^service/tracing/"),
    forbid("tracing-knows-no-parts", "^service/tracing/", "^service/(builders|drivers|artifacts|bin|assemble\\.ts$)"),
    forbid("metrics-know-no-parts", "^service/metrics/", "^service/(builders|drivers|artifacts|bin|assemble\\.ts$)"),
    forbid("health-stands-on-the-store", "^service/health/", "^service/(?!health/|store/|errors\\.ts$)"),
    // The launch check goes through the seam of the drivers, and nothing else of the fleet.
    forbid(
      "builds-know-no-fleet",
      "^service/builds/",
      "^service/(fleet/(?!guests/(machine-driver|driver-errors|readiness)\\.ts$)|http|builders|drivers|artifacts)/?",
    ),
    forbid("nothing-below-knows-the-page", "^service/(?!page/|(assemble|local-service)\\.ts$)", "^service/page/"),
    forbid("views-know-neither-http-nor-html", "^service/page/views/", "^service/(http/|page/(?!views/))"),
    // They write what views tell; the layout and the template are beside them.
    forbid(
      "pages-know-views-alone",
      "^service/page/(pages/|html|layout)",
      "^service/(?!page/(pages|views|assets|access)/|page/(html|layout|assets)\\.ts$|store/builds\\.ts$)",
    ),
    forbid("html-imports-nothing-of-ours", "^service/page/html\\.ts$", "^service/"),
    // The words of Dockerfiles and image names come with the client of the engine, through one file.
    forbid(
      "only-drivers-and-builders-know-the-engine",
      "^service/(?!(drivers|builders|artifacts|parts|bin)/|builds/dockerfile/reading\\.ts$|local-service\\.ts$)",
      "^sdk/docker/",
    ),
    forbid("bin-of-the-provider-ships-no-service", "^bin/", "^(service|examples|test)/"),
    forbid("core-knows-no-shell", "^provider/core/", "^provider/(dynamic|plugin|native)/"),
    forbid("nothing-below-knows-the-report", "^provider/(?!report/)", "^provider/report/"),
    forbid("nothing-below-knows-adopt", "^provider/(?!adopt/)", "^provider/adopt/"),
    forbid("core-knows-no-pulumi", "^provider/core/", "node_modules/@pulumi/"),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["nullspace-source", "import", "node", "default", "types"],
    },
  },
};
