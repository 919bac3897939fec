import ArgumentParser
import DeploymentModel

/// The page of all error codes.
struct ErrorReference {
    var markdown: String {
        let sections = ErrorCode.allCases.map { code -> String in
            let explanation = ErrorExplanation(code)
            let facts = [
                "At fault: \(code.fault.rawValue)", "exit code \(explanation.exitCode.rawValue)",
                code.isWorthRetry ? "worth another try" : nil,
            ].compactMap(\.self)
            return """
                ## \(code.rawValue)

                \(explanation.cause)

                ```\(explanation.isCommand ? "sh" : "text")
                \(explanation.example)
                ```

                \(explanation.remedy)

                \(facts.joined(separator: " · ")).
                """
        }
        return """
            # Error codes

            Every code of Pinion's own, with what leads to it and what to do; `pinion explain CODE` says the same. A processor's own codes
            (`ERR_PROVIDER`, `ERR_RUNTIME`, …) pass through as they are. For each code there is a test that makes the cause real.

            This page is made from the program: `make docs`.

            \(sections.joined(separator: "\n\n"))

            """
    }
}
