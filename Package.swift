// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let core: Target.Dependency = "RemoteAgentCore"
let tls: Target.Dependency = "RemoteAgentTLS"
let process: Target.Dependency = "RemoteAgentProcess"
let client: Target.Dependency = "RemoteAgentClient"
let options: Target.Dependency = "RemoteAgentOptions"
let hub: Target.Dependency = "RemoteAgentHub"
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

// RA_ONLY=filters leaves out the hub and what needs it, so that the filters' tests build in seconds.
let filtersOnly = Context.environment["RA_ONLY"] != nil

// RA_BENCHMARKS adds what produces the figures of the README.
let benchmarks: [Target] =
  Context.environment["RA_BENCHMARKS"] == nil
  ? []
  : [
    .executableTarget(
      name: "websocket-benchmark", dependencies: [core], path: "Benchmarks/WebSocket", swiftSettings: strict),
    .executableTarget(
      name: "envelope-benchmark", dependencies: [core], path: "Benchmarks/Envelope", swiftSettings: strict),
  ]

// RA_FUZZ adds the program of Fuzz/run; the functions that it feeds are always there, for the tests.
let fuzzers: [Target] =
  Context.environment["RA_FUZZ"] == nil
  ? [] : [.executableTarget(name: "fuzz", dependencies: ["FuzzTargets"], path: "Fuzz/Driver", swiftSettings: strict)]

let hubDependencies: [Package.Dependency] = [
  .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
  .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
  .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
  .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
]

let hubTargets: [Target] = [
  // The web page's files, made part of the program by the C compiler.
  .target(name: "CPage", exclude: ["Page"]),
  .target(
    name: "RemoteAgentHub",
    dependencies: [
      core, tls, process, "CPage",
      .product(name: "NIOCore", package: "swift-nio"),
      .product(name: "NIOPosix", package: "swift-nio"),
      .product(name: "NIOHTTP1", package: "swift-nio"),
      .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
      .product(name: "HTTPTypes", package: "swift-http-types"),
      .product(name: "Hummingbird", package: "hummingbird"),
      .product(name: "HummingbirdCore", package: "hummingbird"),
      .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      .product(name: "GRDB", package: "GRDB.swift"),
      .product(name: "Logging", package: "swift-log"),
    ],
    swiftSettings: strict),
  .executableTarget(
    name: "ra-hub", dependencies: [core, process, hub, options, argumentParser], swiftSettings: strict),
  .testTarget(
    name: "RemoteAgentHubTests",
    dependencies: [
      core, tls, process, hub,
      .product(name: "NIOCore", package: "swift-nio"),
      .product(name: "NIOEmbedded", package: "swift-nio"),
      .product(name: "NIOPosix", package: "swift-nio"),
      .product(name: "GRDB", package: "GRDB.swift"),
      .product(name: "Logging", package: "swift-log"),
    ],
    swiftSettings: strict),
  .testTarget(
    name: "IntegrationTests",
    dependencies: [core, tls, process, "ra-pair", "ra-spawn", "ra-tunnel", "ra-run", "ra-hub"],
    swiftSettings: strict),
]

let package = Package(
  name: "remote-agent",
  products: [
    .executable(name: "ra-pair", targets: ["ra-pair"]),
    .executable(name: "ra-spawn", targets: ["ra-spawn"]),
    .executable(name: "ra-tunnel", targets: ["ra-tunnel"]),
    .executable(name: "ra-run", targets: ["ra-run"]),
  ] + (filtersOnly ? [] : [.executable(name: "ra-hub", targets: ["ra-hub"])]),
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ] + (filtersOnly ? [] : hubDependencies),
  targets: [
    // Who may import whom is held by Tests/check-imports.
    .target(
      name: "RemoteAgentCore",
      dependencies: [.product(name: "DequeModule", package: "swift-collections")],
      swiftSettings: strict),
    .target(name: "CPosix"),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .target(name: "RemoteAgentTLS", dependencies: [core, "COpenSSL"], swiftSettings: strict),
    .target(
      name: "RemoteAgentProcess", dependencies: [core, "CPosix", systemPackage],
      swiftSettings: strict),
    .target(
      name: "RemoteAgentClient", dependencies: [core, tls, process, "CPosix", systemPackage],
      swiftSettings: strict),
    // What several of the programs take.
    .target(name: "RemoteAgentOptions", dependencies: [core, process, argumentParser], swiftSettings: strict),
    .executableTarget(
      name: "ra-pair", dependencies: [core, tls, process, client, options, argumentParser],
      swiftSettings: strict),
    .executableTarget(
      name: "ra-spawn", dependencies: [core, process, options, argumentParser], swiftSettings: strict),
    .executableTarget(
      name: "ra-tunnel", dependencies: [core, tls, process, client, options, argumentParser],
      swiftSettings: strict),
    .executableTarget(
      name: "ra-run", dependencies: [core, process, options, argumentParser], swiftSettings: strict),

    .target(name: "SeededRandom", path: "Tests/SeededRandom", swiftSettings: strict),
    .testTarget(name: "RemoteAgentCoreTests", dependencies: [core, "SeededRandom"], swiftSettings: strict),
    .testTarget(name: "RemoteAgentTLSTests", dependencies: [core, tls, "COpenSSL"], swiftSettings: strict),
    .testTarget(
      name: "RemoteAgentProcessTests",
      dependencies: [core, process, "CPosix", systemPackage, "ra-spawn", "ra-run"],
      swiftSettings: strict),
    .testTarget(
      name: "RemoteAgentClientTests", dependencies: [core, tls, process, client],
      swiftSettings: strict),
    // A device and a hub in virtual time: what the tests run a little of and `simulate` much.
    .target(
      name: "Simulator",
      dependencies: [
        core, process, client, "SeededRandom", .product(name: "HeapModule", package: "swift-collections"),
      ],
      path: "Tests/Simulator/Library", swiftSettings: strict),
    .executableTarget(
      name: "simulate", dependencies: ["Simulator", process, argumentParser], path: "Tests/Simulator/Program",
      swiftSettings: strict),
    .testTarget(
      name: "SimulatorTests", dependencies: ["Simulator", core, client, "SeededRandom"], path: "Tests/Simulator/Tests",
      swiftSettings: strict),
    .executableTarget(
      name: "websocket-echo", dependencies: [core, process, "CPosix"],
      path: "Tests/Conformance/WebSocketEcho", swiftSettings: strict),
    .executableTarget(
      name: "qr-modules", dependencies: [core], path: "Tests/QR/Modules", swiftSettings: strict),
    .target(
      name: "FuzzTargets", dependencies: [core, tls, client], path: "Fuzz/Targets", swiftSettings: strict),
    .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets"], swiftSettings: strict),
  ] + benchmarks + fuzzers + (filtersOnly ? [] : hubTargets),
  swiftLanguageModes: [.v6]
)
