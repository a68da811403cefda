/** Uploaded files: records, and their bytes. @module */
export {
  fileObjectSchema,
  filePurposes,
  fileRemovalsCollection,
  filesCollection,
  uploadPurposes,
  type FileObject,
  type FilePurpose,
  type StoredFile,
} from "./file-document.js";
export { filePageLimits, type FilePage, type ListFilesOptions } from "./file-page.js";
export { defaultFileLimitBytes, Files, type FileContent, type FilesOptions, type UploadFile } from "./files.js";
export type { FileDeletionRule } from "./removal.js";
export type { UploadDetails } from "./upload-details.js";
export { verifyBlobs, type BlobFinding, type BlobVerification, type VerifyBlobsOptions } from "./verify-blobs.js";
