// npm run bench [-- SUITE [options]]: the suites of the command line, and `app`, which drives the app in a browser
// and so needs what only a checkout has (Playwright, the build).
if (process.argv[2] === 'app') {
  await import('./bench-app.ts');
} else {
  process.argv.splice(2, 0, 'bench');
  await import('../main/cli/dermorbit.ts');
}
