# Build: docker build -t council-digest .
# Run:   docker run -p 8080:8080 -v digest-data:/app/data -e COUNCIL_DIGEST_ADMIN_TOKEN=… council-digest

FROM swift:6.3-bookworm AS build
RUN apt-get update -q && apt-get install -q -y --no-install-recommends \
      pkg-config libsqlite3-dev libcurl4-openssl-dev libcmark-gfm-dev zlib1g-dev
WORKDIR /source
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
RUN swift build -c release --product council-digest --static-swift-stdlib
RUN mkdir /tree \
    && cp "$(swift build -c release --show-bin-path)/council-digest" /tree/ \
    && cp -r "$(swift build -c release --show-bin-path)"/council-digest_CouncilDigest.resources /tree/
COPY migrations /tree/migrations
COPY config /tree/config

FROM debian:bookworm-slim
RUN apt-get update -q && apt-get install -q -y --no-install-recommends \
      libsqlite3-0 libcurl4 libcmark-gfm0.29.0.gfm.6 zlib1g libstdc++6 ca-certificates curl tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /app digest
WORKDIR /app
COPY --from=build /tree /app
RUN mkdir /app/data && chown digest /app/data
USER digest
VOLUME /app/data
ENV COUNCIL_DIGEST_HTTP_HOST=0.0.0.0 SWIFT_BACKTRACE=enable=no
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["curl", "-fsS", "http://127.0.0.1:8080/healthz"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/council-digest"]
CMD ["serve"]
