FROM python:3.11-slim

WORKDIR /noisefox
COPY . .
RUN pip install --no-cache-dir --constraint constraints.txt ".[nsfw,upscale]"

# The database and the pictures; mount a volume here, and a config.toml beside it.
RUN useradd --create-home noisefox && mkdir /data && chown noisefox /data
USER noisefox
VOLUME /data
WORKDIR /data

# The token comes from NOISEFOX_TOKEN.
ENTRYPOINT ["noisefox"]
CMD ["run", "--config", "/data/config.toml"]
