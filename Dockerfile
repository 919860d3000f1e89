# syntax=docker/dockerfile:1
# Crossexam with its browser. docs/container.md says how to run it, and scripts/image-test builds and runs it without a registry.
FROM golang:1.26-trixie AS build
WORKDIR /src
# What is downloaded depends on these alone.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# Go stamps the version from .git; who owns the folder outside is of no matter in here.
RUN git config --global --add safe.directory /src \
	&& CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /crossexam ./cmd/crossexam

FROM debian:trixie-slim
# tini reaps what Chrome leaves behind and passes signals on. libnss3-tools is for client certificates, nginx for the shared
# cache of HDR-006, the fonts for the pictures in a report. No chromium-sandbox: its setuid program needs capabilities that a container does not have.
RUN apt-get update \
	&& DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
		ca-certificates chromium fonts-dejavu-core libnss3-tools nginx tini \
	&& apt-get clean \
	&& rm -rf /var/lib/apt/lists/* \
	&& useradd --uid 10001 --user-group --create-home crossexam \
	&& install -d -o crossexam -g crossexam /work
COPY --from=build /crossexam /usr/local/bin/crossexam
USER 10001:10001
# Configuration is read here, and crossexam-report/ is written here.
WORKDIR /work
# For a worker of a fleet with --health-file /tmp/healthy. Whatever else runs here has no such file, and ends by itself.
HEALTHCHECK --interval=30s --timeout=5s --start-period=1m \
	CMD ["/bin/sh", "-c", "test ! -e /tmp/healthy || crossexam fleet health /tmp/healthy"]
ENTRYPOINT ["/usr/bin/tini", "--", "/usr/local/bin/crossexam"]
CMD ["--help"]
