package import DeploymentModel

/// The files of a new processor: small, self-contained Python that passes its own smoke test as it is.
package struct ProcessorScaffold: Sendable {
    package let ref: ProcessorRef
    package let transport: ProcessorAPI.Transport
    /// Where `processors/<ns>_<name>` goes, relative to the repository's root: `registry/processors`.
    package let parent: String
    /// The images that take the places of the Dockerfile's own `BASE` and `WHEELS`.
    private let arguments: [(name: String, image: String)]

    /// - Parameters:
    ///   - parent: the folder that holds processors; its last part is `processors`, or no catalog would find it.
    ///   - base: an image with Python in place of the Dockerfile's own.
    ///   - wheels: an image with the packages under `/site-packages`, in place of installing them.
    /// - Throws: `Failure` with `ERR_SPEC` for a folder that no catalog would look into.
    package init(
        _ ref: ProcessorRef, transport: ProcessorAPI.Transport, in parent: String, base: ImageReference? = nil,
        wheels: ImageReference? = nil
    ) throws(Failure) {
        let parts = parent.split(separator: "/").filter { $0 != "." }
        guard parts.last == "processors", !parts.contains(".."), !parent.hasPrefix("/") else {
            throw Failure(
                .spec, "a processor in '\(parent)' would not be found",
                remedy: "Name a folder called 'processors' below this one, for example registry/processors.")
        }
        self.ref = ref
        self.transport = transport
        self.parent = parts.joined(separator: "/")
        arguments = [("BASE", base), ("WHEELS", wheels)].compactMap { name, image in
            image.map { (name, $0.description) }
        }
    }

    /// The processor's folder, relative to the repository's root. Its name says the version where it is not the first,
    /// or where the processor's own name ends like one.
    package var folder: String {
        let plain = "\(parent)/\(ref.slug)"
        let isPlain = ref.version == 1 && SpecPath(plain + "/registry.yaml") == .processor(slug: ref.slug, version: nil)
        return isPlain ? plain : "\(plain)_v\(ref.version)"
    }

    /// Where the schema that the spec names to editors is, relative to the repository's root: beside the folder of
    /// processors, for all of them.
    package var schema: String {
        let outer = parent.split(separator: "/").dropLast().joined(separator: "/")
        return (outer.isEmpty ? "" : outer + "/") + SpecSchema.processor.fileName
    }

    /// The files by their paths in the folder.
    package var files: [String: String] {
        [
            "registry.yaml": ScaffoldTemplate.spec(ref, transport, arguments),
            "Dockerfile": ScaffoldTemplate.dockerfile, ".dockerignore": ScaffoldTemplate.ignore,
            "requirements.txt": ScaffoldTemplate.requirements(transport), "app/__init__.py": "",
            "app/protocol.py": ScaffoldTemplate.runProtocol,
            "app/server.py": transport == .ws ? ScaffoldTemplate.webSocketServer : ScaffoldTemplate.httpServer,
            "app/processor.py": transport == .ws ? ScaffoldTemplate.webSocketProcessor : ScaffoldTemplate.httpProcessor,
            "test_processor.py": transport == .ws ? ScaffoldTemplate.webSocketTest : ScaffoldTemplate.httpTest,
        ]
    }
}

/// The texts of a new processor's files, one to a file of this folder.
enum ScaffoldTemplate {}
