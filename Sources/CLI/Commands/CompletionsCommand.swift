import ArgumentParser

struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions", abstract: "Print the completion script of a shell.",
        discussion: """
            source <(pinion completions bash)                                  # in ~/.bashrc
            pinion completions zsh > "${fpath[1]}/_pinion"                     # before compinit
            pinion completions fish > ~/.config/fish/completions/pinion.fish

            Refs, environments and lanes are those of the commit that HEAD names, in the repository of the working \
            directory or of --repo.
            """)

    enum Shell: String, CaseIterable, ExpressibleByArgument { case bash, zsh, fish }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() {
        switch shell {
        case .bash: Output.result(Self.script(.bash) + "\n" + Self.wholeRefs)
        case .zsh: Output.result(Self.script(.zsh))
        case .fish: Output.result(Self.script(.fish))
        }
    }

    /// The library's script without its own 'help', which it adds to ours.
    private static func script(_ shell: CompletionShell) -> String {
        var lines = Pinion.completionScript(for: shell).split(separator: "\n", omittingEmptySubsequences: false)
        lines.removeAll { $0.contains("Show subcommand help information.") }
        if let start = lines.lastIndex(of: "_pinion_help() {"), let end = lines[start...].firstIndex(of: "}") {
            lines.removeSubrange(start...end)
        }
        // Names of files alone are completed as such: 'registry' is a command, whatever folder has that name. The bash of
        // macOS has no compopt.
        if let start = lines.firstIndex(of: "__pinion_add_completions() {") {
            lines.insert("    [[ ${1} = -W ]] || compopt -o filenames 2>/dev/null", at: start + 1)
        }
        return lines.joined(separator: "\n")
    }

    /// bash parts words at the '@' of refs.
    private static let wholeRefs = """
        # bash parts words at '@', which refs have: they are put together, and what the line has is taken off the answers.
        _pinion_whole_refs() {
            local -a words=()
            local -i index current=0
            for ((index = 0; index < ${#COMP_WORDS[@]}; index++)); do
                if ((index > 0)) && [[ ${COMP_WORDS[index]} = @* || ${COMP_WORDS[index - 1]} = *@ ]]; then
                    words[${#words[@]} - 1]+=${COMP_WORDS[index]}
                else
                    words+=("${COMP_WORDS[index]}")
                fi
                if ((index == COMP_CWORD)); then current=$((${#words[@]} - 1)); fi
            done
            local -a COMP_WORDS=("${words[@]}")
            local -i COMP_CWORD=$current
            local word=${words[current]}
            _pinion "$1" "$word" "${words[current - 1]}"
            if [[ $word = *@* ]]; then COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*@}"}"}"); fi
        }
        complete -F _pinion_whole_refs pinion
        """
}
