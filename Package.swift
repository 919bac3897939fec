// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target of Pinion is compiled with these settings.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .treatAllWarnings(as: .error),
]

/// Targets that talk to C through pointers additionally mark every unsafe expression.
let unsafeSettings = settings + [.strictMemorySafety()]

/// The Python modules that the target Modal carries.
let driverFiles = [
    "cli", "deploying", "driver", "failure", "modal_app", "observing", "operations", "secret_store",
]

/// The texts of `pinion help`.
let topics = [
    "processors", "keys", "pins", "environments", "plans", "records", "leases", "evidence", "promotion", "lanes",
    "secrets",
    "drift", "configuration", "exit-codes",
]

/// The commit that a build says it is of, `a1b2c3d` or `a1b2c3d-dirty`; empty where nobody says.
let commit = Context.environment["PINION_COMMIT"] ?? ""

let package = Package(
    name: "pinion",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "pinion", targets: ["CLI"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        // System libraries
        .systemLibrary(name: "CGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"]), .brew(["libgit2"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"]), .brew(["libyaml"])]),
        .systemLibrary(
            name: "CCurlSystem", pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
        .target(name: "CCurl", dependencies: ["CCurlSystem"]),
        .target(name: "CBLAKE3"),
        .target(name: "CNetworkNamespace"),
        .target(name: "CBuildFacts", cSettings: [.define("PINION_COMMIT", to: "\"\(commit)\"")]),

        // Wrappers: know no domain
        .target(name: "JSON", swiftSettings: settings),
        .target(name: "BLAKE3", dependencies: ["CBLAKE3"], swiftSettings: unsafeSettings),
        .target(name: "YAML", dependencies: ["CYAML"], swiftSettings: unsafeSettings),
        .target(name: "Compression", dependencies: ["CZlib", "CZstd"], swiftSettings: unsafeSettings),
        .target(name: "Git", dependencies: ["CGit2"], swiftSettings: unsafeSettings),
        .target(name: "HTTP", dependencies: ["CCurl"], swiftSettings: unsafeSettings),
        .target(name: "NetworkNamespace", dependencies: ["CNetworkNamespace"], swiftSettings: unsafeSettings),
        .target(name: "FolderWatch", swiftSettings: unsafeSettings),
        .target(
            name: "WebSocket",
            dependencies: [
                "HTTP",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ], swiftSettings: settings),

        // The domain
        .target(name: "DeploymentModel", dependencies: ["JSON"], swiftSettings: settings),
        .target(
            name: "ContentCache",
            dependencies: [
                "DeploymentModel", .product(name: "Crypto", package: "swift-crypto"),
            ], swiftSettings: settings),
        .target(
            name: "RegistryCatalog",
            dependencies: [
                "ContentCache", "DeploymentModel", "Git", "YAML", "JSON",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SystemPackage", package: "swift-system"),
            ], swiftSettings: settings),
        .target(name: "Records", dependencies: ["ContentCache", "DeploymentModel", "Git"], swiftSettings: settings),
        .target(
            name: "OCI",
            dependencies: [
                "Compression", "DeploymentModel", "HTTP", "JSON",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ], swiftSettings: settings),
        .target(
            name: "Docker",
            dependencies: [
                "DeploymentModel", "HTTP", "JSON",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ], swiftSettings: settings),
        .target(
            name: "Adapters",
            dependencies: [
                "DeploymentModel", "HTTP", "WebSocket", "JSON", "BLAKE3", "NetworkNamespace",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ], swiftSettings: settings),
        .target(
            name: "Modal",
            dependencies: [
                "BLAKE3", "DeploymentModel", "JSON",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            // Within the binary, so that it runs from anywhere.
            resources: driverFiles.map { .embedInCode("Resources/pinion_modal/\($0).py") },
            swiftSettings: settings),
        .target(name: "Reconciliation", dependencies: ["DeploymentModel", "JSON"], swiftSettings: settings),
        .executableTarget(
            name: "CLI",
            dependencies: [
                "ContentCache", "DeploymentModel", "RegistryCatalog", "Records", "Git", "OCI", "Docker", "Modal",
                "Adapters", "FolderWatch",
                "Reconciliation", "BLAKE3", "CBuildFacts",
                "JSON", .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            // Within the binary, so that it needs no file beside it.
            resources: topics.map { .embedInCode("Help/Topics/\($0).md") },
            swiftSettings: settings),

        // Tests
        .executableTarget(
            name: "BenchClient",
            dependencies: ["Adapters", "BLAKE3", "DeploymentModel", "JSON"],
            path: "Tests/Benchmarks/Sources/BenchClient", swiftSettings: settings),
        .target(
            name: "TestSupport", dependencies: ["DeploymentModel", "Git", "HTTP", "JSON"], path: "Tests/TestSupport",
            swiftSettings: settings),
        .target(
            name: "Simulation", dependencies: ["DeploymentModel", "Reconciliation", "TestSupport"],
            path: "Tests/Simulation", swiftSettings: settings),
        .executableTarget(
            name: "Simulate", dependencies: ["Simulation"], path: "Tests/Simulate", swiftSettings: settings),
        .testTarget(name: "BLAKE3Tests", dependencies: ["BLAKE3", "JSON"], swiftSettings: settings),
        .testTarget(name: "CompressionTests", dependencies: ["Compression"], swiftSettings: settings),
        .testTarget(name: "DeploymentModelTests", dependencies: ["DeploymentModel"], swiftSettings: settings),
        .testTarget(name: "FolderWatchTests", dependencies: ["FolderWatch", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "GitTests", dependencies: ["Git", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "JSONTests", dependencies: ["JSON", .product(name: "Subprocess", package: "swift-subprocess")],
            swiftSettings: settings),
        .testTarget(
            name: "ModalTests",
            dependencies: [
                "DeploymentModel", "JSON", "Modal", "TestSupport",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ], swiftSettings: settings),
        .testTarget(
            name: "ReconciliationTests",
            dependencies: ["Reconciliation", "DeploymentModel", "JSON", "TestSupport", "Simulation"],
            swiftSettings: settings),
        .testTarget(
            name: "RecordsTests",
            dependencies: [
                "ContentCache", "Records", "DeploymentModel", "Git", "Reconciliation", "RegistryCatalog", "TestSupport",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "RegistryCatalogTests",
            dependencies: ["RegistryCatalog", "DeploymentModel", "Git", "JSON", "TestSupport", "YAML"],
            exclude: ["ignore-rules.jsonl"], swiftSettings: settings),
        .target(name: "LoopbackServer", path: "Tests/HTTPTests/LoopbackServer", swiftSettings: settings),
        .testTarget(
            name: "AdaptersTests",
            dependencies: [
                "Adapters", "DeploymentModel", "HTTP", "WebSocket", "JSON", "BLAKE3",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ], swiftSettings: settings),
        .testTarget(
            name: "DockerTests",
            dependencies: [
                "Docker", "OCI", "HTTP", "JSON", "DeploymentModel", "LoopbackServer", "TestSupport",
                .product(name: "SystemPackage", package: "swift-system"),
            ], swiftSettings: settings),
        .testTarget(
            name: "HTTPTests", dependencies: ["HTTP", "LoopbackServer"], exclude: ["LoopbackServer"],
            swiftSettings: settings),
        .testTarget(
            name: "OCITests", dependencies: ["OCI", "HTTP", "JSON", "DeploymentModel", "LoopbackServer"],
            swiftSettings: settings),
        .testTarget(
            name: "WebSocketTests",
            dependencies: [
                "HTTP", "WebSocket", "LoopbackServer", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ], swiftSettings: settings),
        .testTarget(name: "YAMLTests", dependencies: ["YAML"], swiftSettings: settings),
        .testTarget(
            name: "CLITests",
            dependencies: [
                "Adapters", "BLAKE3", "CLI", "DeploymentModel", "Docker", "Git", "HTTP", "JSON", "LoopbackServer",
                "Modal",
                "OCI", "Records", "RegistryCatalog", "TestSupport", "YAML",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ], exclude: ["Golden"], swiftSettings: settings),
    ]
)
