// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who builds Pinion builds this. It has no dependency but the system's libraries.
let package = Package(
    name: "pinion-benchmarks",
    platforms: [.macOS(.v15)],
    targets: [
        .systemLibrary(name: "CGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"]), .brew(["libgit2"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"]), .brew(["libyaml"])]),
        // What C needs for reading every spec out of git and parsing it, and for nothing else.
        .executableTarget(name: "events-peer", dependencies: ["CGit2", "CYAML"], path: "Sources/EventsPeer"),
        // A processor that is no bottleneck: tokens that were framed before they are asked for.
        .executableTarget(
            name: "token-server", path: "Sources/TokenServer", cSettings: [.define("_GNU_SOURCE")]),
        .executableTarget(
            name: "pinion-bench", path: "Sources/Bench",
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
    ]
)
