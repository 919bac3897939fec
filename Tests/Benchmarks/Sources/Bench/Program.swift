#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A program that is run and measured.
struct Program {
    /// What one run took.
    struct Cost {
        let status: Int32
        /// Seconds on the wall.
        let seconds: Double
        /// Seconds of all processors together, its children included.
        let processor: Double
        /// The largest resident size of it or one of its children, in bytes.
        let memory: Int
    }

    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    private let name: String
    private let arguments: [String]
    private let environment: [String]
    private let input: String

    /// - Parameters:
    ///   - environment: what is different from this process's, as `NAME=value`.
    ///   - input: the file that it reads.
    init(_ name: String, _ arguments: [String], environment: [String] = [], input: String = "/dev/null") {
        self.name = name
        self.arguments = arguments
        self.environment = environment
        self.input = input
    }

    /// Claims that there is such a program, and that it ends well.
    var isThere: Bool { (try? run())?.status == 0 }

    func check() throws {
        let status = try run().status
        guard status == 0 else { throw Failed(description: "\(name) \(arguments) ended with \(status)") }
    }

    func run() throws -> Cost {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var words = ([name] + arguments).map { strdup($0) } + [nil]
        var variables = (inherited + environment).map { strdup($0) } + [nil]
        defer { for word in words + variables { free(word) } }
        var child: pid_t = 0
        let clock = ContinuousClock()
        let start = clock.now
        guard posix_spawnp(&child, name, &actions, nil, &words, &variables) == 0 else {
            throw Failed(description: "\(name) cannot be started")
        }
        var status: Int32 = 0
        var usage = rusage()
        while wait4(child, &status, 0, &usage) < 0 {
            guard errno == EINTR else { throw Failed(description: "\(name) cannot be waited for") }
        }
        let wall = clock.now - start
        return Cost(
            status: status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f),
            seconds: Double(wall.components.seconds) + Double(wall.components.attoseconds) / 1e18,
            processor: Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime),
            memory: Int(usage.ru_maxrss) * Self.memoryUnit)
    }

    private var inherited: [String] {
        let changed = environment.map { $0.prefix { $0 != "=" } }
        var variables: [String] = []
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if !changed.contains(text.prefix { $0 != "=" }) { variables.append(text) }
            next += 1
        }
        return variables
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    #if canImport(Darwin)
        private static let memoryUnit = 1
    #else
        private static let memoryUnit = 1024
    #endif
}
