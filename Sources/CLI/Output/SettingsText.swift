/// Settings as a table.
struct SettingsText {
    let text: String

    init(_ settings: [Setting], showsOrigin: Bool, style: Style) {
        let rows = settings.map { setting in
            let cells = [setting.name, setting.value?.printable ?? "–"]
            guard showsOrigin else { return cells }
            return cells + [setting.place?.printable ?? setting.source.rawValue]
        }
        text = TableText(["SETTING", "VALUE"] + (showsOrigin ? ["ORIGIN"] : []), rows, style: style).text
    }
}
