import ArgumentParser
import DeploymentModel
import FoundationEssentials
import Git
import OCI
import Records
import RegistryCatalog

struct VerifyPinsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-pins",
        abstract: "Check that OCI registries still have what is pinned.",
        discussion: """
            Pins of all branches and of all environments' records are looked up: the manifest, and every layer it names. \
            With --keep-list they are listed for clean-up jobs, which must not remove them; nothing is checked then.
            """)

    @OptionGroup var options: RevisionOptions

    @OptionGroup var oci: OCIOptions

    @Flag(help: "Print the pinned images, one a line, and check nothing.")
    var keepList = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() async throws {
        try await reporting { () async throws(Failure) -> ExitCode in
            let pinned = try await pins(in: try await options.open())
            guard !keepList else {
                for image in pinned.images { Output.result(image.description) }
                return .success
            }
            let credentials = try DockerCredentials.reading(environment: ProcessInfo.processInfo.environment)
            let rows = await check(pinned, oci.client(credentials: credentials))
            let bad = rows.filter { !$0.isWhole }
            if json {
                Output.result(try JSONText(rows).text)
            } else {
                for row in bad { Output.view(row.text) }
                let images = "\(rows.count) pinned image\(rows.count == 1 ? "" : "s")"
                Output.view(bad.isEmpty ? "\(images), all there." : "\(images), \(bad.count) not whole.")
            }
            return bad.isEmpty ? .success : .failure
        }
    }

    private func pins(in repository: GitRepository) async throws(Failure) -> PinnedImages {
        var pinned: PinnedImages
        do throws(GitError) {
            pinned = try await PinnedImages(of: repository)
        } catch { throw options.failure(error) }
        let store = GitStateStore(reading: repository)
        for environment in try await store.environments() {
            for record in try await store.allRecords(of: environment) {
                for revision in [record.desired, record.applied].compactMap(\.self) {
                    for (platform, image) in revision.pins {
                        pinned.add(
                            image,
                            PinnedImages.Place(
                                ref: record.ref, platform: platform, holder: "environment \(environment)"))
                    }
                }
            }
        }
        return pinned
    }

    /// How many questions are under way at once.
    private static let width = 16

    private func check(_ pinned: PinnedImages, _ registry: OCIRegistryClient) async -> [PinRow] {
        let results = await registry.missing(of: pinned.images, atOnce: Self.width)
        return results.map { image, result in
            let places = pinned.places[image] ?? []
            do throws(Failure) {
                return PinRow(image: image, places: places, missing: try result.get())
            } catch { return PinRow(image: image, places: places, missing: [], failure: error) }
        }.sorted { $0.image.description < $1.image.description }
    }
}

/// What was found of one pinned image.
private struct PinRow: Encodable, Sendable {
    let image: ImageReference
    let places: [PinnedImages.Place]
    /// Digests that the OCI registry does not have.
    let missing: [Digest]
    var failure: Failure?

    var isWhole: Bool { missing.isEmpty && failure == nil }

    var text: String {
        let holders = places.map { "\($0.ref) \($0.platform) on \($0.holder)" }.sorted()
        let what =
            failure.map { "\($0.code.rawValue): \($0.message)" }
            ?? (missing == image.digest.map { [$0] }
                ? "is gone" : "lacks \(missing.map(\.short).joined(separator: ", "))")
        return "\(image)  \(what)\n" + holders.map { "    \($0)" }.joined(separator: "\n")
    }
}
