import { assemble } from "./image-assembly.js";

// A program of its own, for another environment: prints the image ID of the files in a directory.
const { imageId } = await assemble(process.argv[2] ?? "");
process.stdout.write(imageId);
