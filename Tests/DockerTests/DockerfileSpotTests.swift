import DeploymentModel
import Testing

@testable import Docker

/// Where a build failed, in the words of each builder.
@Suite struct DockerfileSpotTests {
    @Test func `buildx shows the line under the name of the file`() {
        let log = """
            #7 [2/3] RUN make
            #7 0.061 make: *** No rule. Stop.
            #7 ERROR: process "/bin/sh -c make" did not complete successfully: exit code: 2
            ------
             > [2/3] RUN make:
            0.061 note:12
            ------
            .pinion.Dockerfile:3
            --------------------
               1 |     FROM python
               2 |
               3 | >>> RUN make
               4 |
            --------------------
            ERROR: failed to solve: process "/bin/sh -c make" did not complete successfully: exit code: 2
            """
        let spot = DockerfileSpot(words: "ERROR: failed to solve", log: log)
        #expect(spot == DockerfileSpot(line: 3, instruction: "RUN make"))
    }

    @Test(arguments: [
        ("ERROR: failed to solve: dockerfile parse error on line 5: unknown instruction: CPY", 5),
        ("dockerfile parse error line 2: unknown instruction: CPY", 2),
        ("Dockerfile parse error on line 0", nil),
    ])
    func `what can't be parsed is named by its line`(words: String, line: Int?) {
        #expect(DockerfileSpot(words: words, log: nil)?.line == line)
    }

    @Test func `the engine's API and the classic builder name the instruction`() {
        let api = "#1 [1/2] FROM a\n#1 DONE\n#2 [linux/arm64 2/2] COPY a b\n#2 ERROR: \"/a\": not found\n#1 late"
        #expect(
            DockerfileSpot(words: "failed to compute cache key", log: api)
                == DockerfileSpot(line: nil, instruction: "COPY a b"))
        let classic = "Step 1/2 : FROM a\n ---> 1\nStep 2/2 : RUN make all\n ---> Running in 2\nno make"
        #expect(
            DockerfileSpot(words: "The command returned 1", log: classic)
                == DockerfileSpot(line: nil, instruction: "RUN make all"))
        #expect(
            DockerfileSpot(words: "process \"/bin/sh -c make\" did not complete successfully", log: "nothing")
                == DockerfileSpot(line: nil, instruction: "RUN make"))
        #expect(DockerfileSpot(words: "no space left on device", log: "a:1\nb\n-----") == nil)
    }
}
