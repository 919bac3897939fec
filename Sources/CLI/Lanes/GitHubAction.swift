/// The action that installs and runs Pinion, the same in every repository.
enum GitHubAction {
    static let folder = ".github/actions/pinion"

    /// What others wrote reaches the shell by variables alone.
    static let text = """
        \(LaneFiles.mark) --for github, and the same in every repository.
        name: Pinion
        description: Installs Pinion, and runs it where it is given arguments.
        inputs:
          url:
            description: Where the program is, alone or in a .tar.gz.
          sha256:
            description: What is at the url, as 64 hexadecimal digits.
          source:
            description: A folder with the sources of Pinion; it is built from them in place of a url.
          arguments:
            description: What it is run with, one argument a line. Without any it is installed, and nothing else.
        outputs:
          state:
            description: passed, failed or refused.
            value: ${{ steps.run.outputs.state }}
          changed:
            description: true where the change concerns a processor, or the run changed something.
            value: ${{ steps.run.outputs.changed }}
          refs:
            description: Those processors, as a JSON array.
            value: ${{ steps.run.outputs.refs }}
          digests:
            description: What is recorded, as a JSON object by processor and platform.
            value: ${{ steps.run.outputs.digests }}
          commit:
            description: What it was run for.
            value: ${{ steps.run.outputs.commit }}
          environment:
            description: The environment that it was about.
            value: ${{ steps.run.outputs.environment }}
          run:
            description: The id of the run, as the records name it.
            value: ${{ steps.run.outputs.run }}
          reports:
            description: The folder with report.json, findings.sarif, code-quality.json, comment.md and JUnit XML.
            value: ${{ steps.run.outputs.reports }}
        runs:
          using: composite
          steps:
            - name: Install Pinion
              shell: bash
              env:
                URL: ${{ inputs.url }}
                SHA256: ${{ inputs.sha256 }}
                SOURCE: ${{ inputs.source }}
              run: |
                set -euo pipefail
                folder="$RUNNER_TEMP/pinion"
                mkdir -p "$folder"
                if [ -n "$SOURCE" ]; then
                    (cd "$SOURCE" && .ci/setup build >&2 && DESTDIR="$folder" PREFIX=/usr .ci/install >&2)
                    folder="$folder/usr/bin"
                else
                    file="$folder/download"
                    curl --fail --silent --show-error --location --output "$file" "$URL"
                    echo "$SHA256  $file" | sha256sum --check --quiet
                    if tar --list --gzip --file "$file" >/dev/null 2>&1; then
                        tar --extract --gzip --file "$file" --directory "$folder"
                        program=$(find "$folder" -type f -name pinion -perm -u+x | head -n 1)
                        [ -n "$program" ] || { echo "There is no program pinion in $URL" >&2; exit 1; }
                        folder=$(dirname "$program")
                    else
                        mv "$file" "$folder/pinion"
                    fi
                fi
                chmod +x "$folder/pinion"
                echo "$folder" >>"$GITHUB_PATH"
            - name: Run Pinion
              id: run
              if: inputs.arguments != ''
              shell: bash
              env:
                ARGUMENTS: ${{ inputs.arguments }}
              run: |
                set -euo pipefail
                arguments=()
                while IFS= read -r line; do
                    [ -z "$line" ] || arguments+=("$line")
                done <<<"$ARGUMENTS"
                pinion "${arguments[@]}"

        """
}
