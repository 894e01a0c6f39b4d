/** Styles are imported for their effect: VitePress bundles them. */
declare module "*.css";
