package import DeploymentModel
package import Git
import JSON

/// The files of a commit that a build can see.
package struct BuildContext: Sendable {
    /// Sorted by path; the paths are relative to the context.
    package let files: [TreeEntry]
    /// The Dockerfile's path inside the archive.
    package let dockerfile: String
    package let dockerfileID: ObjectID

    /// Where a Dockerfile goes that lies outside its context, or that the ignore rules would take away.
    private static let ownDockerfile = ".pinion.Dockerfile"

    /// Lists a context: everything below the folder, without what `.dockerignore` excludes and without catalog files.
    ///
    /// Catalog files are left out because the pins are in them, and a pin must never trigger a build.
    ///
    /// - Parameters:
    ///   - context: the folder in the repository, `""` for its root.
    ///   - dockerfile: the Dockerfile's path in the repository.
    /// - Throws: `Failure` with `ERR_SPEC` when the Dockerfile is not in the commit, `ERR_GIT` when git cannot be read.
    package init(context: String, dockerfile: String, at commit: ObjectID, in repository: GitRepository)
        async
        throws(Failure)
    {
        do {
            guard let file = try await repository.file(at: dockerfile, in: commit), file.mode != .symlink else {
                throw Failure(
                    .spec, "there is no \(dockerfile) in commit \(commit.short)",
                    remedy: "Commit it, or name the right file in build.dockerfile.")
            }
            dockerfileID = file.id
            let prefix = context.isEmpty ? "" : context + "/"
            var entries = try await repository.files(at: commit, under: context)
            var rules = IgnoreRules("")
            let ignoreFiles = [file.path + ".dockerignore", prefix + ".dockerignore"]
            for path in ignoreFiles {
                guard let entry = try await repository.file(at: path, in: commit) else { continue }
                rules = IgnoreRules(String(decoding: try await repository.blob(entry.id), as: UTF8.self))
                break
            }
            entries.removeAll { entry in
                entry.mode == .submodule || SpecPath.isCatalogFile(entry.path)
                    || rules.excludes(String(entry.path.dropFirst(prefix.count)))
            }
            let isInside = entries.contains { $0.path == dockerfile }
            self.dockerfile = isInside ? String(dockerfile.dropFirst(prefix.count)) : Self.ownDockerfile
            var files = entries.map {
                TreeEntry(path: String($0.path.dropFirst(prefix.count)), mode: $0.mode, id: $0.id)
            }
            if !isInside { files.append(TreeEntry(path: Self.ownDockerfile, mode: .file, id: file.id)) }
            self.files = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        } catch let error as GitError {
            throw Failure(.git, error.message)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(.git, "the context \(context) cannot be read: \(error)")
        }
    }

    /// The input key of a build of this context (contract "Pins"): it depends on git alone, never on time or network.
    package func key(platform: Platform, args: [String: String], target: String?) throws(Failure) -> InputKey {
        let parts: JSONValue = .object([
            "version": 1,
            "platform": .string(platform.oci),
            "dockerfile": .array([.string(dockerfile), .string(dockerfileID.hex)]),
            "args": .object(args.mapValues { .string($0) }),
            "target": target.map { .string($0) } ?? .null,
            "files": .array(
                files.map {
                    .array([.string($0.path), .string(String($0.mode.rawValue, radix: 8)), .string($0.id.hex)])
                }),
        ])
        do throws(JSONError) {
            return InputKey(try parts.sha256())
        } catch {
            throw Failure(.spec, "a build argument or a file name has no canonical form: \(error.message)")
        }
    }
}
