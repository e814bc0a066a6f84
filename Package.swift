// swift-tools-version: 6.1
import PackageDescription

// Read the targets from the bottom up: infrastructure knows no council, the domain uses infrastructure,
// the command line uses the domain. Infrastructure modules never import one another.

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
  name: "council-digest",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "council-digest", targets: ["council-digest"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .executableTarget(
      name: "council-digest",
      dependencies: [
        "CouncilDigest",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict
    ),
    .target(
      name: "CouncilDigest",
      dependencies: [
        "HTTPServer", "Mail", "Markdown", "CZlib",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Mustache", package: "swift-mustache"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        .product(name: "Yams", package: "Yams"),
      ],
      resources: [
        .copy("Resources/templates"), .copy("Resources/assets"), .copy("Resources/api"),
        .copy("Resources/demo"),
      ],
      swiftSettings: strict
    ),

    .target(
      name: "HTTPServer",
      dependencies: ["CEpoll", .product(name: "HTTPTypes", package: "swift-http-types")],
      swiftSettings: strict
    ),
    .target(
      name: "Mail",
      dependencies: [
        "CCurl",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
      ],
      swiftSettings: strict
    ),
    .target(name: "Markdown", dependencies: ["CCmarkGFM"], swiftSettings: strict),

    .systemLibrary(name: "CEpoll"),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CCmarkGFM", providers: [.apt(["libcmark-gfm-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    .target(
      name: "TestSupport",
      dependencies: ["CouncilDigest", "Mail", .product(name: "GRDB", package: "GRDB.swift")],
      path: "Tests/TestSupport",
      exclude: ["strict_client.py"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "HTTPServerTests",
      dependencies: ["HTTPServer", "TestSupport"],
      path: "Tests/HTTPServer",
      swiftSettings: strict
    ),
    .testTarget(name: "MailTests", dependencies: ["Mail", "TestSupport"], path: "Tests/Mail", swiftSettings: strict),
    .testTarget(name: "MarkdownTests", dependencies: ["Markdown"], path: "Tests/Markdown", swiftSettings: strict),
    .testTarget(
      name: "CouncilDigestTests",
      dependencies: [
        "CouncilDigest", "HTTPServer", "Mail", "TestSupport",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
      ],
      path: "Tests/CouncilDigest",
      swiftSettings: strict
    ),
    .testTarget(
      name: "JourneyTests",
      dependencies: ["CouncilDigest", "Mail", "TestSupport"],
      path: "Tests/Journeys",
      swiftSettings: strict
    ),
    .testTarget(name: "BrowserTests", dependencies: ["TestSupport"], path: "Tests/Browser", swiftSettings: strict),
    .testTarget(name: "ArchitectureTests", path: "Tests/Architecture", swiftSettings: strict),
  ]
)

// The fuzzer brings a main of its own and counts branches, so it is there only when asked for: scripts/test fuzz.
if Context.environment["COUNCIL_DIGEST_FUZZ"] != nil {
  let counted: [SwiftSetting] = [.unsafeFlags(["-parse-as-library", "-sanitize=fuzzer,address"])]
  package.targets.first { $0.name == "HTTPServer" }?.swiftSettings = strict + counted
  package.targets.append(
    .executableTarget(
      name: "Fuzz",
      dependencies: ["HTTPServer", .product(name: "HTTPTypes", package: "swift-http-types")],
      path: "Tests/Fuzz",
      exclude: ["http.dict"],
      swiftSettings: strict + counted
    )
  )
}
