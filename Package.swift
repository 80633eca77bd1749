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
    .systemLibrary(name: "CLinux"),

    // The machinery: no target of this group knows what a proxy is.
    .target(name: "Sockets", dependencies: ["CLinux", system], swiftSettings: strict),
    .target(name: "Libevent", dependencies: ["CLibevent", "CLinux", "Sockets", system], swiftSettings: strict),
    .target(name: "Names", dependencies: ["CAres", "Libevent", "Sockets"], swiftSettings: strict),
    .target(name: "Balancing", swiftSettings: strict),
    .target(name: "Config", dependencies: ["Balancing", "Sockets", system], swiftSettings: strict),

    // The proxy: the data plane, the control plane above it; the client of its admin door, the command line above all.
    .target(
      name: "Proxy", dependencies: ["Balancing", "Config", "Libevent", "Sockets", system], swiftSettings: dataPlane),
    .target(
      name: "Control", dependencies: ["Balancing", "Config", "Libevent", "Names", "Proxy", "Sockets", logging, system],
      resources: [.embedInCode("Admin/openapi.json")], swiftSettings: strict),
    .target(name: "Client", dependencies: ["Config", "Control", "Libevent", "Sockets", system], swiftSettings: strict),
    .executableTarget(
      name: "Martlet", dependencies: ["Client", "Config", "Control", "Sockets", argumentParser, logging],
      swiftSettings: strict),

    // Tests mirror the sources; SystemTests run the built program against real servers.
    .target(name: "Support", dependencies: ["Sockets", system], path: "Tests/Support"),
    .testTarget(name: "SocketsTests", dependencies: ["Sockets", "Support"]),
    .testTarget(name: "LibeventTests", dependencies: ["Libevent", "Sockets", "Support"]),
    .testTarget(name: "NamesTests", dependencies: ["Libevent", "Names", "Sockets", "Support", system]),
    .testTarget(name: "BalancingTests", dependencies: ["Balancing"]),
    .testTarget(name: "ConfigTests", dependencies: ["Config", "Balancing", "Sockets", "Support"]),
    .testTarget(name: "ProxyTests", dependencies: ["Balancing", "Libevent", "Proxy", "Sockets", "Support", system]),
    .testTarget(
      name: "ControlTests", dependencies: ["Control", "Config", "Libevent", "Names", "Sockets", "Support", logging]),
    .testTarget(
      name: "ClientTests", dependencies: ["Client", "Config", "Control", "Libevent", "Sockets", "Support", "Martlet"]),
    .testTarget(name: "SystemTests", dependencies: ["Support", "Sockets", "Martlet", system]),
  ],
  swiftLanguageModes: [.v6]
)

// What reads bytes from outside, driven by libFuzzer: only there for `make fuzz`, as nothing else can link it.
if Context.environment["MARTLET_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "Fuzz", dependencies: ["Balancing", "Client", "Config", "Control", "Libevent", "Names", "Sockets"],
      path: "Tests/Fuzz"))
}
