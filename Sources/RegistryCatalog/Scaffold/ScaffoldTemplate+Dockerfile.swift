extension ScaffoldTemplate {
    /// `Dockerfile`, for any platform and without emulation: nothing runs on the platform that is built for.
    static let dockerfile = #"""
        # Builds anywhere. BASE is any image with Python 3.11 or later. WHEELS is an image with the packages under
        # /site-packages; left alone, those of requirements.txt are installed here for the target platform. Nothing runs on
        # the target platform, so neither way needs emulation.
        ARG BASE=docker.io/library/python:3.11-slim-bookworm
        ARG WHEELS=wheels

        FROM --platform=$BUILDPLATFORM ${BASE} AS wheels
        ARG TARGETARCH
        COPY requirements.txt /
        RUN mkdir /site-packages; \
            grep -q '^[^#]' /requirements.txt || exit 0; \
            case "$TARGETARCH" in arm64) machine=aarch64 ;; *) machine=x86_64 ;; esac; \
            pip install --no-cache-dir --no-compile --no-deps --only-binary=:all: --target /site-packages \
            --platform "manylinux_2_28_$machine" --platform "manylinux_2_17_$machine" --platform "manylinux2014_$machine" \
            -r /requirements.txt

        FROM ${WHEELS} AS packages

        FROM ${BASE}
        # Straight below the root: a parent directory that COPY has to make would bear the time of the build.
        COPY --from=packages /site-packages /site-packages
        COPY app /app
        ENV PYTHONPATH=/site-packages:/ PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PORT=8000
        USER 65532:65532
        EXPOSE 8000
        ENTRYPOINT ["python3", "-m", "app.server"]

        """#

    /// `.dockerignore`.
    static let ignore = """
        # What the image does not need must not change its digest either.
        **/__pycache__
        **/*.pyc
        registry.yaml
        README.md
        test_*.py

        """
}
