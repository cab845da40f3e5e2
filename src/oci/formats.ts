import { BuilderNeededError, InputError } from "../errors.js";
import { type Descriptor, mediaTypes } from "./manifest.js";

/** Whose media types an image has: the same content, under other names. */
export type ImageFormat = "oci" | "docker";

/** How the archive of a layer is stored. */
export type LayerForm = "tar" | "gzip" | "zstd";

/** How the archive of a layer is compressed. */
export type Compression = Exclude<LayerForm, "tar">;

interface MediaTypes {
  index: string;
  manifest: string;
  config: string;
  layers: Partial<Record<LayerForm, string>>;
}

/** Media types by format (OCI image specification; Docker image manifest version 2, schema 2). */
export const formats: Readonly<Record<ImageFormat, MediaTypes>> = {
  oci: {
    index: mediaTypes.index,
    manifest: mediaTypes.manifest,
    config: mediaTypes.config,
    layers: {
      tar: "application/vnd.oci.image.layer.v1.tar",
      gzip: "application/vnd.oci.image.layer.v1.tar+gzip",
      zstd: "application/vnd.oci.image.layer.v1.tar+zstd",
    },
  },
  docker: {
    index: mediaTypes.dockerIndex,
    manifest: mediaTypes.dockerManifest,
    config: "application/vnd.docker.container.image.v1+json",
    layers: {
      tar: "application/vnd.docker.image.rootfs.diff.tar",
      gzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
    },
  },
};

/** How a layer is stored, by its media type. */
export function formOf(layer: Descriptor, subject: string): LayerForm {
  const forms = Object.values(formats).flatMap(({ layers }) => Object.entries(layers));
  const [form] = forms.find(([, mediaType]) => mediaType === layer.mediaType) ?? [];
  if (form === undefined)
    throw new BuilderNeededError({
      subject,
      expected: "layers as tar, gzip or zstd that may be distributed",
      given: layer.mediaType,
    });
  return form as LayerForm;
}

/** The media type of a layer in a format. */
export function layerType(form: LayerForm, format: ImageFormat, subject: string): string {
  const mediaType = formats[format].layers[form];
  if (mediaType !== undefined) return mediaType;
  throw new InputError({
    subject,
    expected: `layers that the ${format} format has a media type for`,
    given: form,
    fix: "Publish it in the oci format",
  });
}
