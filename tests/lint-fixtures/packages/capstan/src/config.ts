export const config = process.env['CAPSTAN_PORT'];
