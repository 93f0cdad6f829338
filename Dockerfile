FROM python:3.11-slim

WORKDIR /noisefox
COPY . .
RUN pip install --no-cache-dir --constraint constraints.txt ".[faces,nsfw,upscale]"

# The database and the pictures; mount a volume here, and a config.toml beside it.
RUN useradd --create-home noisefox && mkdir /data && chown noisefox /data
USER noisefox
VOLUME /data
WORKDIR /data
# Downloads of models outlive the container there. PyPI's build of torch brings CUDA; `--gpus all` brings the driver.
ENV HF_HOME=/data/huggingface

# The token comes from NOISEFOX_TOKEN.
ENTRYPOINT ["noisefox"]
CMD ["run", "--config", "/data/config.toml"]
