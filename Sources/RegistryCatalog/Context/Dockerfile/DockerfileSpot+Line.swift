package import DeploymentModel

extension DockerfileSpot {
    /// The line of the Dockerfile that is meant, from 1: where a builder told of an instruction alone, the first line of the
    /// one instruction that reads so. `nil` where none or several do.
    package func line(in source: [UInt8]) -> Int? {
        if let line { return line }
        guard let instruction else { return nil }
        let wanted = Self.words(DockerfileInstruction(instruction, line: 0))
        let found = DockerfileLines(source).instructions.filter { Self.words($0) == wanted }
        return found.count == 1 ? found.first?.line : nil
    }

    /// Builders tell of an instruction on one line, with what joined several of the file left out.
    private static func words(_ instruction: DockerfileInstruction) -> [String] {
        [instruction.keyword] + instruction.rest.split(whereSeparator: \.isWhitespace).map(String.init)
    }
}
