# syntax=docker/dockerfile:1

FROM node:22-bookworm-slim AS viewer
WORKDIR /build/viewer
COPY viewer/package.json viewer/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY viewer/ ./
RUN npm run build

FROM python:3.11-slim-bookworm AS environment
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /app
RUN pip install --no-cache-dir "uv>=0.5,<1"
# Dependencies first: they change less often than the sources, and their layer is kept.
COPY pyproject.toml uv.lock README.md ./
RUN uv sync --frozen --no-dev --no-install-project
COPY isocenter isocenter
COPY scp scp
COPY dicomweb dicomweb
COPY api api
COPY analysis analysis
COPY routing routing
COPY access access
COPY archive archive
COPY config config
RUN uv sync --frozen --no-dev

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="Isocenter" \
      org.opencontainers.image.description="DICOM-native PACS integration node" \
      org.opencontainers.image.licenses="Apache-2.0 AND GPL-2.0-or-later"
RUN groupadd --system --gid 10001 isocenter \
    && useradd --system --uid 10001 --gid isocenter --home-dir /var/lib/isocenter --shell /usr/sbin/nologin isocenter \
    && install -d -o isocenter -g isocenter -m 0750 /var/lib/isocenter
WORKDIR /app
COPY --from=environment /app /app
COPY --from=viewer /build/viewer/dist /app/viewer/dist
ENV PATH="/app/.venv/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ISOCENTER_DATA_DIR=/var/lib/isocenter \
    ISOCENTER_DICOM__HOST=0.0.0.0 \
    ISOCENTER_WEB__HOST=0.0.0.0 \
    ISOCENTER_LOG__FORMAT=json
USER 10001:10001
VOLUME /var/lib/isocenter
EXPOSE 11112 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["isocenter", "health"]
ENTRYPOINT ["isocenter"]
CMD ["serve"]
