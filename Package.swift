// swift-tools-version: 6.2

import PackageDescription

/// Every target of ours is checked for memory safety (what steps outside says `unsafe`), and shows only what it means to.
let strict: [SwiftSetting] = [
  .strictMemorySafety(), .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
]

/// The data plane's objects belong to one thread each, and the run-time check of exclusive access costs it on every read and
/// write. Debug builds, and so all tests, keep the check.
let dataPlane: [SwiftSetting] =
  strict + [
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))
  ]

/// The fleet's protocols, and the world in which they are tried: optimized even for tests, as they are stepped by the million there,
/// and with the mistakes that the simulator has to find, which release builds haven't.
let simulated: [SwiftSetting] =
  strict + [.unsafeFlags(["-O"], .when(configuration: .debug)), .define("MUTANTS", .when(configuration: .debug))]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

let package = Package(
  name: "martlet",
  products: [.executable(name: "martlet", targets: ["Martlet"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    .systemLibrary(name: "CLibevent", pkgConfig: "libevent", providers: [.apt(["libevent-dev"])]),
    .systemLibrary(name: "CAres", pkgConfig: "libcares", providers: [.apt(["libc-ares-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CLinux"),
    // No pkgConfig: it's loaded where it's needed, and nothing links against it.
    .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),

    // The machinery: no target of this group knows what a proxy is.
    .target(name: "Sockets", dependencies: ["CLinux", system], swiftSettings: strict),
    .target(
      name: "Libevent", dependencies: ["CLibevent", "CLinux", "CZlib", "Sockets", system], swiftSettings: strict),
    .target(name: "Names", dependencies: ["CAres", "Libevent", "Sockets"], swiftSettings: strict),
    .target(name: "Network", dependencies: ["CLinux", "Sockets", system], swiftSettings: strict),

    // What is decided and said, as values: nothing of this group opens a socket or knows a thread.
    .target(name: "Balancing", swiftSettings: strict),
    .target(name: "Introduction", dependencies: ["Sockets"], swiftSettings: strict),
    .target(name: "Config", dependencies: ["Balancing", "Introduction", "Sockets", system], swiftSettings: strict),
    // TLS between bytes and bytes; nothing of it is loaded where none is configured.
    .target(name: "TLS", dependencies: ["COpenSSL", "Config", "Libevent", "Sockets", system], swiftSettings: strict),
    // Servers of stores that others run, and ZooKeeper's way of speaking with one.
    .target(
      name: "Stores", dependencies: ["Config", "Libevent", "Names", "Sockets", "TLS", system], swiftSettings: strict),
    .target(name: "Model", dependencies: ["Balancing", "Config"], swiftSettings: strict),
    .target(name: "Text", dependencies: ["Config", "Model", system], swiftSettings: strict),

    // The protocols of a fleet, as values that are stepped: no clock, no socket, no file, no chance.
    .target(name: "Agreement", swiftSettings: simulated),

    // The data plane.
    .target(
      name: "Proxy", dependencies: ["Balancing", "Config", "Introduction", "Libevent", "Sockets", system],
      swiftSettings: dataPlane),

    // The control plane: who may be picked, and how that becomes something else while it runs.
    .target(
      name: "Health", dependencies: ["Balancing", "Config", "Introduction", "Libevent", "Sockets", "TLS", system],
      swiftSettings: strict),
    .target(
      name: "Control",
      dependencies: [
        "Balancing", "Config", "Health", "Introduction", "Libevent", "Model", "Names", "Proxy", "Sockets", "Stores",
        "TLS", "Text", logging, system,
      ], swiftSettings: strict),
    .target(
      name: "Changes",
      dependencies: [
        "Balancing", "Config", "Control", "Health", "Libevent", "Model", "Proxy", "Sockets", logging, system,
      ], swiftSettings: strict),
    .target(
      name: "Fleet",
      dependencies: [
        "Agreement", "Balancing", "Config", "Libevent", "Model", "Names", "Network", "Sockets", "Stores", "TLS", system,
      ],
      swiftSettings: strict),

    // The doors, at which the control plane is looked at and told, and the log.
    .target(
      name: "Logs", dependencies: ["Config", "Libevent", "Model", "Proxy", "Sockets", "Text", logging, system],
      swiftSettings: strict),
    .target(
      name: "Doors",
      dependencies: [
        "Balancing", "Changes", "Config", "Control", "Libevent", "Logs", "Model", "Proxy", "Sockets", "TLS", "Text",
        logging,
        system,
      ],
      resources: [.embedInCode("Admin/openapi.json")], swiftSettings: strict),

    // The process that holds them all, and the programs.
    .target(
      name: "Service",
      dependencies: [
        "Agreement", "Balancing", "Changes", "Config", "Control", "Doors", "Fleet", "Libevent", "Logs", "Model",
        "Network",
        "Proxy", "Sockets", "Stores", "TLS", "Text", logging, system,
      ], swiftSettings: strict),
    .target(
      name: "Demo",
      dependencies: [
        "Client", "Config", "Control", "Libevent", "Model", "Network", "Service", "Sockets", "Text", logging, system,
      ],
      swiftSettings: strict),
    .target(
      name: "Doctor",
      dependencies: [
        "Balancing", "Config", "Health", "Introduction", "Libevent", "Model", "Names", "Sockets", "TLS", system,
      ],
      swiftSettings: strict),
    .target(name: "Import", dependencies: ["Config", "Sockets"], swiftSettings: strict),
    .target(
      name: "Client", dependencies: ["Config", "Libevent", "Model", "Text", system], swiftSettings: strict),
    .executableTarget(
      name: "Martlet",
      dependencies: [
        "Agreement", "Client", "Config", "Control", "Demo", "Doctor", "Fleet", "Import", "Logs", "Model", "Service",
        "Sockets", "Stores", "TLS", "Text",
        argumentParser, logging, system,
      ],
      swiftSettings: strict),

    // Tests mirror the sources; SystemTests run the built program against real servers.
    .target(name: "Support", dependencies: ["Libevent", "Sockets", system], path: "Tests/Support"),
    .testTarget(name: "SocketsTests", dependencies: ["Sockets", "Support"]),
    .testTarget(name: "LibeventTests", dependencies: ["Libevent", "Sockets", "Support"]),
    .testTarget(name: "NamesTests", dependencies: ["Libevent", "Names", "Sockets", "Support", system]),
    .testTarget(name: "NetworkTests", dependencies: ["Libevent", "Network", "Sockets", "Support", system]),
    .testTarget(name: "BalancingTests", dependencies: ["Balancing"]),
    .testTarget(name: "IntroductionTests", dependencies: ["Introduction", "Sockets", "Support"]),
    .testTarget(name: "ConfigTests", dependencies: ["Config", "Balancing", "Introduction", "Sockets", "Support"]),
    .testTarget(
      name: "ProxyTests",
      dependencies: ["Balancing", "Config", "Introduction", "Libevent", "Proxy", "Sockets", "Support", system]),
    .testTarget(name: "TLSTests", dependencies: ["Config", "Support", "TLS"]),
    .testTarget(name: "ModelTests", dependencies: ["Balancing", "Config", "Model", "Sockets"]),
    .testTarget(name: "TextTests", dependencies: ["Text"]),
    .testTarget(
      name: "HealthTests",
      dependencies: ["Balancing", "Config", "Health", "Libevent", "Sockets", "Support", "TLS", system]),
    .testTarget(
      name: "ControlTests",
      dependencies: [
        "Balancing", "Config", "Control", "Libevent", "Model", "Names", "Proxy", "Sockets", "Stores", "Support", "TLS",
        logging, system,
      ]),
    .testTarget(
      name: "ChangesTests",
      dependencies: [
        "Balancing", "Changes", "Config", "Control", "Libevent", "Model", "Proxy", "Sockets", "Support", logging,
      ]),
    .target(name: "Simulation", dependencies: ["Agreement"], path: "Tests/Simulation", swiftSettings: simulated),
    .executableTarget(
      name: "Simulate", dependencies: ["Agreement", "Simulation"], path: "Tests/Simulate", swiftSettings: simulated),
    // What clients of a fleet saw, and whether that can be: judged by the hundred thousand, so optimized even for tests.
    .target(
      name: "Histories", path: "Tests/Histories",
      swiftSettings: strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .testTarget(name: "HistoriesTests", dependencies: ["Histories"]),
    .target(
      name: "Exploration", dependencies: ["Agreement", "Simulation"], path: "Tests/Exploration",
      swiftSettings: simulated),
    .executableTarget(
      name: "Explore", dependencies: ["Agreement", "Exploration"], path: "Tests/Explore", swiftSettings: simulated),
    .testTarget(name: "AgreementTests", dependencies: ["Agreement"]),
    .testTarget(name: "SimulationTests", dependencies: ["Agreement", "Exploration", "Simulation"]),
    .testTarget(
      name: "FleetTests",
      dependencies: [
        "Agreement", "Balancing", "Config", "Fleet", "Libevent", "Model", "Names", "Network", "Sockets", "Stores",
        "Support", "TLS", system,
      ], exclude: ["Fixtures"]),
    .testTarget(
      name: "LogsTests",
      dependencies: [
        "Balancing", "Config", "Libevent", "Logs", "Model", "Proxy", "Sockets", "Support", logging, system,
      ]),
    .testTarget(
      name: "DoorsTests",
      dependencies: [
        "Config", "Doors", "Libevent", "Model", "Proxy", "Service", "Sockets",
        "Support",
        "Text", logging,
      ]),
    .testTarget(
      name: "ServiceTests",
      dependencies: [
        "Agreement", "Balancing", "Changes", "Config", "Control", "Doors", "Fleet", "Libevent", "Model", "Proxy",
        "Service", "Sockets", "Support", logging,
      ]),
    .testTarget(name: "DoctorTests", dependencies: ["Config", "Doctor", "Introduction", "Model"]),
    .testTarget(name: "ImportTests", dependencies: ["Config", "Import", "Sockets", "Support"]),
    .testTarget(name: "DemoTests", dependencies: ["Config", "Demo", "Libevent", "Sockets", system]),
    .testTarget(
      name: "ClientTests",
      dependencies: ["Client", "Config", "Libevent", "Martlet", "Model", "Sockets", "Support", "Text"]),
    .testTarget(name: "SystemTests", dependencies: ["Config", "Histories", "Support", "Sockets", "Martlet", system]),
  ],
  swiftLanguageModes: [.v6]
)

// What reads bytes from outside, driven by libFuzzer: only there for `make fuzz`, as nothing else can link it.
if Context.environment["MARTLET_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        "Agreement", "Balancing", "Client", "Config", "Control", "Doors", "Fleet", "Health", "Import", "Introduction",
        "Libevent", "Model", "Names", "Service",
        "Sockets", "Stores",
      ],
      path: "Tests/Fuzz"))
}

// How long look-ups take: for measuring only.
if Context.environment["MARTLET_LOOKUPS"] != nil {
  package.targets.append(
    .executableTarget(name: "Lookups", dependencies: ["Sockets"], path: "Benchmarks/Lookups", swiftSettings: strict))
}
