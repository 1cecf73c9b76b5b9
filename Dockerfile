# Headway in an image: docker build -t headway . It holds no secret; settings come with the environment.
ARG NODE_IMAGE=node:20-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ormconfig.ts ./
COPY scripts/build-console.mjs ./scripts/
COPY src ./src
RUN node scripts/build-console.mjs && npx tsc -p tsconfig.json && chmod +x dist/src/cli/main.js

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
# Subtitles of films are read with the first, letters in images with the second (English; add others, such as tesseract-ocr-deu),
# HEIC photographs with the third, whose decoder is a package of its own from Debian 13 on.
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg tesseract-ocr libheif-examples \
  && (apt-get install -y --no-install-recommends libheif-plugin-libde265 || true) && rm -rf /var/lib/apt/lists/*
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist/src ./dist/src
COPY --from=build /app/dist/console ./dist/console
COPY package.json ./
COPY sql ./sql
# /data is what the process may write to; a volume goes there. The link is for: docker compose exec api headway …
RUN mkdir /data && chown node:node /data && ln -s /app/dist/src/cli/main.js /usr/local/bin/headway
ENV HEADWAY_DATA_DIR=/data HEADWAY_HOST=0.0.0.0
VOLUME /data
USER node
EXPOSE 4000
ENTRYPOINT ["node", "--enable-source-maps", "/app/dist/src/cli/main.js"]
CMD ["start"]
