/** What the folders of clusters begin with. Sockets are in them, so the path is short wherever temporary files lie. */
export const FOLDER_PREFIX = "/tmp/nullspace-cluster-";
