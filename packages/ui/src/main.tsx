import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queries } from './app/api.ts';
import { followMlflowLinks } from './app/mlflow-links.ts';
import { router } from './app/router.tsx';
import './design/tokens.css';

const place = document.getElementById('root');
if (!place) throw new Error('The page has no #root');
// Before the first screen is drawn, so that none is drawn in vain.
followMlflowLinks((address) => router.history.replace(address));
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
