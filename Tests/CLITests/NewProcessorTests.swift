import DeploymentModel
import Docker
import FoundationEssentials
import JSON
import TestSupport
import Testing

/// `pinion new processor`: what it writes, and what it leaves alone.
@Suite(.tags(.medium))
struct NewProcessorTests {
    @Test(arguments: [("ws", "registry/processors"), ("http", "processors"), ("ws", "code/apps/processors")])
    func `a new processor is there, is valid as it is, and names a schema that is there`(
        transport: String, folder: String
    ) async throws {
        let checkout = try GitCheckout()
        let arguments = ["new", "processor", "text/echo", "--protocol", transport, "--folder", folder]
        let run = try await Pinion.run(arguments, in: checkout.path)
        #expect(run.exitCode == 0, "\(run.stderr)")
        // At the top, `processors/` is not looked into by any other name than the spec's own.
        #expect(run.stdout == "\(folder)/text_echo\n")
        #expect(run.stderr.contains("git add \(folder)/text_echo"))
        let spec = "\(checkout.path)/\(folder)/text_echo/registry.yaml"
        let line = try #require(try String(contentsOfFile: spec, encoding: .utf8).split(separator: "\n").first)
        #expect(line == "# yaml-language-server: $schema=../../processor.schema.json")
        let schema = "\(checkout.path)/\(folder)/../processor.schema.json"
        let printed = try await Pinion.run(["registry", "schema"]).stdout
        #expect(try String(contentsOfFile: schema, encoding: .utf8) == printed)

        try checkout.commit([:])
        let validation = try await Pinion.run(["validate", "--format", "github"], in: checkout.path)
        #expect(validation.exitCode == 0, "\(validation.stdout)")
        #expect(!validation.stdout.contains("::error") && !validation.stdout.contains("::warning"))
        #expect(validation.stderr.contains("1 processor"))
    }

    @Test func `nothing that is there is written over`() async throws {
        let checkout = try GitCheckout(["registry/processor.schema.json": "mine"])
        let arguments = ["new", "processor", "text/echo"]
        #expect(try await Pinion.run(arguments, in: checkout.path).succeeded())
        #expect(
            try String(contentsOfFile: checkout.path + "/registry/processor.schema.json", encoding: .utf8) == "mine")
        try checkout.write(["registry/processors/text_echo/app/processor.py": "mine"])
        let again = try await Pinion.run(arguments, in: checkout.path)
        #expect(again.exitCode == 1)
        #expect(again.stderr.contains("registry/processors/text_echo is there already"))
        let source = checkout.path + "/registry/processors/text_echo/app/processor.py"
        #expect(try String(contentsOfFile: source, encoding: .utf8) == "mine")
        let second = try await Pinion.run(["new", "processor", "text/echo@2"], in: checkout.path)
        #expect(second.stdout == "registry/processors/text_echo_v2\n", "\(second.stderr)")
        try checkout.commit([:])
        #expect(try await Pinion.run(["validate"], in: checkout.path).succeeded())
    }
}

/// The same, built, started and tested by the real components.
@Suite(.tags(.large), .enabled(if: Components.areThere))
struct NewProcessorRunTests {
    @Test(arguments: ["ws", "http"])
    func `a new processor passes its own tests and the environment local as it is`(transport: String) async throws {
        let checkout = try GitCheckout()
        let namespace = "t" + String(UInt32.random(in: .min ... .max), radix: 16)
        // Docker Hub is not for tests: the seed images take its place.
        let run = try await Pinion.run(
            [
                "new", "processor", "\(namespace)/echo", "--protocol", transport, "--base",
                "\(Components.registry)/pinion/python:3", "--wheels",
                "\(Components.registry)/pinion/wheels-websockets:3",
            ], in: checkout.path)
        try #require(run.exitCode == 0, "\(run.stderr)")
        let folder = checkout.path + "/registry/processors/\(namespace)_echo"
        let python = try #require(ProcessInfo.processInfo.environment["PINION_PYTHON"])
        let own = try await Pinion.run(python, ["-B", "-m", "unittest"], in: folder)
        #expect(own.exitCode == 0, "\(own.stderr)")
        #expect(own.stderr.contains("OK") && !own.stderr.contains("Ran 0 tests"), "\(own.stderr)")

        try checkout.commit([
            "pipelines/environments.yaml": """
            environments:
              local: {target: docker, registry: "\(Components.registry)/\(namespace)", pins: record}
            """
        ])
        let result: Result<Void, any Error>
        do { result = .success(try await reconcile(checkout)) } catch { result = .failure(error) }
        for container in try await Sample.engine().containers() where container.ref.namespace == namespace {
            try? await Sample.engine().remove(container.id, graceSeconds: 1)
        }
        try result.get()
    }

    private func reconcile(_ checkout: GitCheckout) async throws {
        let first = try await Pinion.run(["reconcile", "--json"], in: checkout.path)
        #expect(first.exitCode == 0, "\(first.stdout)\(first.stderr)")
        let counts = try first.json()["counts"]
        #expect(counts?["build"]?.intValue == 2)
        #expect(counts?["smoke"]?.intValue == 1)
        let second = try await Pinion.run(["reconcile"], in: checkout.path)
        #expect(second.stdout.hasPrefix("Nothing to do"), "\(second.stdout)\(second.stderr)")
    }
}
