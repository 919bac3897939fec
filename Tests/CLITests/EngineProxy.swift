import FoundationEssentials
import Subprocess
import SystemPackage
import TestSupport

/// Stands before the Docker engine and goes away, for good and in the midst of everything, when a word comes by.
enum EngineProxy {
    /// Runs something with the address of such an engine, for `DOCKER_HOST`.
    ///
    /// - Parameter word: what the engine says when it is to end.
    static func with<Value: Sendable>(
        endingAt word: String, _ body: (String) async throws -> Value
    ) async throws -> Value {
        let folder = try TemporaryFolder()
        let script = folder.path + "/proxy.py"
        try Data(Self.script.utf8).write(to: URL(filePath: script))
        let (listening, engine) = (folder.path + "/docker.sock", "/var/run/docker.sock")
        let result = try await Subprocess.run(
            .name("python3"), arguments: [script, listening, engine, word], input: .none, output: .sequence,
            error: .discarded
        ) { execution in
            // It says one line, when it listens.
            for try await _ in execution.standardOutput { break }
            let result: Result<Value, any Error>
            do { result = .success(try await body("unix://" + listening)) } catch { result = .failure(error) }
            try? execution.send(signal: .kill)
            return result
        }
        return try result.closureResult.get()
    }

    private static let script = #"""
        import os, socket, sys, threading

        listening, engine, word = sys.argv[1], sys.argv[2], sys.argv[3].encode()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(listening)
        listener.listen(64)
        print("listening", flush=True)

        def carry(source, target, watched):
            seen = b""
            try:
                while data := source.recv(65536):
                    if watched:
                        seen = (seen + data)[-65536 - len(word):]
                        if word in seen:
                            os.unlink(listening)
                            os._exit(0)
                    target.sendall(data)
                target.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        while True:
            client, _ = listener.accept()
            server = socket.socket(socket.AF_UNIX)
            server.connect(engine)
            threading.Thread(target=carry, args=(client, server, False), daemon=True).start()
            threading.Thread(target=carry, args=(server, client, True), daemon=True).start()
        """#
}
