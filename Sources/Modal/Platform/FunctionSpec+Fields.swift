package import DeploymentModel
package import JSON

extension FunctionSpec {
    /// What the driver's `deploy` and a file `modal_app.json` take for this function (page "The Modal driver", deploy).
    package var fields: [String: JSONValue] {
        var fields: [String: JSONValue] = [
            "app": .string(name.app),
            "function": .string(name.function),
            "image": .string((image.digest.map(image.pinned) ?? image).description),
            "command": .array(configuration.command.map { .string($0) }),
            "working_dir": .string(configuration.workingDirectory),
            "env": .object(configuration.environment.mapValues { .string($0) }),
            "spec": .string(Self.tag(of: specHash)),
            "port": .integer(Int64(port)),
            "secrets": .array(secrets.map { .string($0) }),
            "cpu": .number(limits.cpu),
            "memory_mb": .integer(Int64(limits.memoryMB)),
            "timeout_s": .integer(Int64(limits.timeoutSeconds)),
            // Not less than Modal's own standard.
            "startup_timeout_s": .integer(Int64(max(60, startupSeconds))),
            "public": .bool(limits.isPublic),
            "managed_by": .string(Self.manager),
        ]
        // What is left out is left to Modal.
        fields["registry_auth"] = registryAuth.map { .string($0) }
        fields["branch"] = name.origin.map { .string($0.branch) }
        fields["user"] = name.origin.map { .string($0.user) }
        fields["gpu"] = limits.gpu.map { .string($0) }
        let scaling = limits.scaling
        for (name, value) in [
            ("min_containers", scaling.minContainers), ("max_containers", scaling.maxContainers),
            ("buffer_containers", scaling.bufferContainers), ("scaledown_window_s", scaling.scaledownSeconds),
            ("max_inputs", scaling.maxInputs),
        ] {
            fields[name] = value.map { .integer(Int64($0)) }
        }
        return fields
    }
}
