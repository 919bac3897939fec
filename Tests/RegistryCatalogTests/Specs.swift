import Testing

extension Tag {
    @Tag static var small: Self
    @Tag static var medium: Self
}

/// Texts of spec files.
enum Specs {
    static func processor(_ ref: String = "text/stats@1", pins: String = "sha256:pending", more: String = "") -> String
    {
        """
        # What it is for
        ref: \(ref)
        image:
          platforms:                      # the pins
            amd64: \(pins)
            arm64: "\(pins)"              # quoted
        build:
          context: .
        \(more)
        """
    }

    static func repository(_ more: [String: String] = [:]) -> [String: String] {
        [
            "registry/processors/text_stats/registry.yaml": processor(),
            "registry/processors/text_stats/Dockerfile": "FROM scratch\nCOPY app /app\n",
            "registry/processors/text_stats/app/main.py": "print('hello')\n",
        ].merging(more) { $1 }
    }
}
