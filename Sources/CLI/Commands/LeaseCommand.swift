import ArgumentParser
import DeploymentModel
import Records

struct LeaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lease", abstract: "Show who may change which processors now.",
        subcommands: [ListCommand.self, ReleaseCommand.self])

    struct ListCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show who holds which processors, and until when.")

        @OptionGroup var options: RecordsOptions
        @Option(help: ArgumentHelp("The environment.", valueName: "name"), completion: CatalogCompletion.environments)
        var env: String
        @Flag(help: "Print it as JSON.") var json = false

        func run() async throws {
            try await reporting { () async throws(Failure) -> ExitCode in
                let leases = try await options.store().leases(of: env)
                if json {
                    Output.result(try JSONText(leases).text)
                } else if leases.isEmpty {
                    Output.note("Nobody holds anything in \(env).")
                } else {
                    let cells = leases.map { lease in
                        [
                            lease.run, lease.holder, lease.host, lease.end,
                            lease.refs.map(\.description).joined(separator: ", "),
                        ]
                    }
                    Output.view(
                        TableText(["RUN", "HOLDER", "HOST", "UNTIL", "PROCESSORS"], cells, style: .standardOutput).text)
                }
                return .success
            }
        }
    }

    struct ReleaseCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "release", abstract: "Take a lease away from a run that is gone.",
            discussion: """
                A lease ends by itself; this is for not waiting. A run that lives after all starts nothing more on Modal \
                once it learns of it, within 40 seconds, and records nothing.
                """)

        @OptionGroup var options: RecordsOptions
        @Option(help: ArgumentHelp("The environment.", valueName: "name"), completion: CatalogCompletion.environments)
        var env: String
        @Option(help: ArgumentHelp("The run that holds it, as 'lease list' shows it.", valueName: "id"))
        var run: String

        func run() async throws {
            try await reporting { () async throws(Failure) -> ExitCode in
                let store = try await options.store()
                guard let lease = try await store.leases(of: env).first(where: { $0.run == run }) else {
                    throw Failure(
                        .functionNotFound, "the run \(run) holds nothing in '\(env)'",
                        remedy: "See who does: pinion lease list --env \(env)")
                }
                try await store.release(lease, environment: env)
                let refs = lease.refs.map(\.description).joined(separator: ", ")
                Output.view(
                    "released \(refs): held by \(lease.holder.printable) on \(lease.host.printable) until \(lease.end)")
                return .success
            }
        }
    }
}
