import DeploymentModel
import YAML

extension ProcessorSpecReader {
    /// Reads `image`, `build` and what older files have in their place.
    mutating func image(_ root: inout Fields) -> (ImageSpec, BuildSpec?, port: Int?) {
        var image = ImageSpec()
        var build: BuildSpec?
        var port: Int?
        if var fields = root.fields("build", &findings) { (build, port) = self.build(&fields) }
        if var fields = root.fields("image", &findings) {
            slots(&fields, &image)
            image.track = reference("track", in: &fields)
            image.repository = reference("repository", in: &fields)
            if let (text, node) = fields.string("oci", &findings) {
                image.single = PinSlot(text: text, span: node.span)
                places["image.oci"] = node.span
            }
            if var older = fields.fields("build", &findings) {
                let (spec, olderPort) = self.build(&older)
                if build == nil { (build, port) = (spec, olderPort) }
            }
            if let (text, node) = fields.string("dockerfile", &findings) {
                places["build.dockerfile"] = node.span
                build = build ?? BuildSpec()
                build?.dockerfile = text
            }
            fields.reportUnknown(&findings)
            if build != nil, image.track != nil {
                findings.add(
                    .error, "both 'build' and 'image.track' are given", at: fields.node,
                    fix: "keep 'build' to build the image, or 'image.track' to pin what someone else builds")
            }
        }
        if var entrypoint = root.fields("entrypoint", &findings) {
            entrypoint.ignore("cmd", "command", "args")
            entrypoint.reportUnknown(&findings)
            findings.add(
                .note, "'entrypoint' is ignored: the image's own entrypoint starts its server", at: entrypoint.node)
        }
        return (image, build, port)
    }

    private mutating func slots(_ fields: inout Fields, _ image: inout ImageSpec) {
        if var platforms = fields.fields("platforms", &findings) {
            for platform in Platform.allCases {
                guard let node = platforms.take(platform.rawValue) else { continue }
                guard let scalar = node.scalar else {
                    findings.add(
                        .error, "'image.platforms.\(platform)' is \(node.kind), it should be a pin", at: node)
                    continue
                }
                image.slots[platform] = PinSlot(text: scalar.text, span: node.span)
            }
            platforms.reportUnknown(&findings)
        }
        if let (text, node) = fields.string("default_platform", &findings) {
            do throws(GrammarError) {
                image.defaultPlatform = try Platform(text)
            } catch { findings.add(.error, error.description, at: node) }
        }
    }

    private mutating func reference(_ name: String, in fields: inout Fields) -> ImageReference? {
        guard let (text, node) = fields.string(name, &findings) else { return nil }
        places[fields.qualified(name)] = node.span
        do throws(GrammarError) {
            return try ImageReference(text)
        } catch {
            findings.add(.error, error.description, at: node)
            return nil
        }
    }

    private mutating func build(_ fields: inout Fields) -> (BuildSpec, port: Int?) {
        var build = BuildSpec()
        if let (text, node) = fields.string("context", &findings) {
            build.context = text
            places["build.context"] = node.span
        }
        if let (text, node) = fields.string("dockerfile", &findings) {
            build.dockerfile = text
            places["build.dockerfile"] = node.span
        }
        if var values = fields.fields("args", &findings) {
            for (name, pair) in values.all() {
                guard let scalar = pair.value.scalar else {
                    findings.add(
                        .error, "'\(values.qualified(name))' is \(pair.value.kind), it should be a string",
                        at: pair.value)
                    continue
                }
                build.args[name] = scalar.text
            }
        }
        build.target = fields.string("target", &findings)?.text
        options(&fields, &build.options)
        let port = fields.integer("port", in: 1...65_535, &findings)
        if let tag = fields.take("tag") {
            findings.add(.note, "'\(fields.qualified("tag"))' is ignored: images are pushed by digest", at: tag)
        }
        fields.reportUnknown(&findings)
        return (build, port)
    }

    /// Reads `cache`, `secrets` and `attestations` of a build.
    private mutating func options(_ fields: inout Fields, _ options: inout BuildOptions) {
        if var cache = fields.fields("cache", &findings) {
            options.cacheFrom = cache.strings("from", &findings).map(\.text)
            options.cacheTo = cache.strings("to", &findings).map(\.text)
            cache.reportUnknown(&findings)
        }
        options.secrets = secretNames("secrets", &fields)
        for (text, node) in fields.strings("attestations", &findings) {
            if let attestation = BuildOptions.Attestation(rawValue: text) {
                options.attestations.append(attestation)
            } else {
                findings.add(.error, "'\(text)' is no attestation", at: node, fix: "write provenance or sbom")
            }
        }
    }
}
