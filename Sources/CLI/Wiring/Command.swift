import ArgumentParser
import DeploymentModel
import Reconciliation
import SystemPackage

/// Runs a command's work; a failure becomes a message on stderr and an exit code that tells its kind.
func reporting(_ work: () async throws(Failure) -> ExitCode) async throws(ExitCode) {
    let code: ExitCode
    do throws(Failure) {
        code = try await work()
    } catch {
        // What an interruption breaks off is no failure to be told of.
        if !Task.isCancelled {
            Output.tell(error, hint: hint(about: error))
        }
        code = ExitCode(for: error)
    }
    if code != .success { throw code }
}

/// For who sees the message on a terminal: where more is said of its code.
private func hint(about failure: Failure) -> String {
    guard Terminal.standardError.isTerminal else { return "" }
    return "\n  " + Style.standardError.dim("pinion explain \(failure.code.rawValue)")
}

extension Output {
    /// Tells people of a failure, and CI, which shows it without a place.
    ///
    /// - Parameters:
    ///   - subject: what it is about, before it.
    ///   - hint: what is said after it.
    static func tell(_ failure: Failure, of subject: String = "", hint: String = "") {
        note(subject + FailureText(failure, style: .standardError).text + hint)
        CIPublication.annotate(failure)
    }
}

extension ExitCode {
    /// What a command ends with that did its work, and has something to write of it: what can't be written is told of, and
    /// takes nothing but a success away.
    func after(_ writing: () throws(Failure) -> Void) -> ExitCode {
        do throws(Failure) { try writing() } catch {
            Output.tell(error)
            return [0, 2].contains(rawValue) ? ExitCode(for: error) : self
        }
        return self
    }

    /// What a run ends with: 3 when all that failed is another run's now.
    init(for report: RunReport) {
        self = report.isRefused ? ExitCode(3) : report.hasFailures ? .failure : .success
    }

    /// What a command ends with in which some processors failed: what all of them say, else 1.
    init(for failures: some Collection<Failure>) {
        let codes = Set(failures.map { ExitCode(for: $0).rawValue })
        self = codes.count == 1 ? codes.first.map { ExitCode($0) } ?? .failure : .failure
    }

    /// What scripts can tell apart (contract "CLI conventions"): refused, not found, a service that is not there, a secret
    /// or a log-in that is missing; everything else is 1.
    init(for failure: Failure) {
        if failure.cause == .credentials {
            self.init(77)
            return
        }
        switch failure.code {
        case .ciSafety, .lease, .budget, .predicate: self.init(3)
        case .functionNotFound: self.init(4)
        case .docker, .network, .modal: self.init(69)
        case .missingSecret: self.init(77)
        default: self = .failure
        }
    }
}
