/// The programs that take part, and what is lacking of them on this machine.
struct Tools {
    let pinion: String
    let eventsPeer: String
    let pythonPeer: String
    /// What is left out, and why.
    private(set) var lacking: [Contest.Entry: String] = [:]

    /// - Throws: when pinion or git itself is lacking.
    init(pinion: String, peers: String, executables: String) throws {
        self.pinion = pinion
        eventsPeer = executables + "/events-peer"
        pythonPeer = peers + "/pyyaml_loader.py"
        guard Program("git", ["version"]).isThere else { throw Program.Failed(description: "git is lacking") }
        guard Program(pinion, ["version"]).isThere else {
            throw Program.Failed(
                description: "\(pinion) is lacking; build it with: swift build -c release --product pinion")
        }
        if (try? Program(eventsPeer, []).run())?.status != 64 {
            lacking[.c] = "the program that is built beside this one does not run"
        }
        if !Program("python3", ["-c", "from yaml import CSafeLoader"]).isThere {
            lacking[.python] = "python3 with PyYAML and its C parser is not there (Debian: python3-yaml)"
        }
    }

    func has(_ entry: Contest.Entry) -> Bool { lacking[entry] == nil }
}
