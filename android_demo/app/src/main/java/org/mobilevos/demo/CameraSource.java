package org.mobilevos.demo;

import android.content.Context;
import android.graphics.SurfaceTexture;
import android.hardware.camera2.CameraAccessException;
import android.hardware.camera2.CameraCaptureSession;
import android.hardware.camera2.CameraDevice;
import android.hardware.camera2.CameraManager;
import android.hardware.camera2.CaptureRequest;
import android.os.Handler;
import android.view.Surface;
import java.util.Arrays;

/**
 * The camera that faces away: its pictures go to a texture and, in YUV, to a worker in a thread of its own. For the UI
 * thread.
 */
final class CameraSource {
    /** Hears of what the user should know. */
    interface Listener {
        /** Pictures will come, of this size as the sensor sees them; it is turned by so many degrees. */
        void onCameraOpened(int width, int height, int sensorRotation);

        /** There will be none. */
        void onCameraFailed(int message);
    }

    private final CameraManager manager;
    private final Handler thread;
    private final CameraImages.Worker worker;
    private final Handler main = new Handler();
    private final Listener listener;
    private SurfaceTexture texture;
    private boolean wanted;
    private CameraDevice device;
    private CameraImages images;
    private Surface surface;
    private CameraChoice choice;
    // Callbacks of a camera that was closed meanwhile are told from those of the present one.
    private int generation;

    CameraSource(Context context, Handler thread, CameraImages.Worker worker, Listener listener) {
        manager = (CameraManager) context.getSystemService(Context.CAMERA_SERVICE);
        this.thread = thread;
        this.worker = worker;
        this.listener = listener;
    }

    /** Opens the camera as soon as there is a texture; does nothing if it is open. The app must have the permission. */
    void start() {
        wanted = true;
        open();
    }

    /** The texture for the pictures; null when it goes. */
    void setTexture(SurfaceTexture newTexture) {
        texture = newTexture;
        if (texture == null) {
            close();
        } else {
            open();
        }
    }

    /** Closes the camera; others can have it. */
    void stop() {
        wanted = false;
        close();
    }

    private void open() {
        if (!wanted || texture == null || device != null || images != null) {
            return;
        }
        final int mine = ++generation;
        try {
            choice = CameraChoice.find(manager);
            if (choice == null) {
                fail(R.string.no_camera);
                return;
            }
            images = new CameraImages(choice.size.getWidth(), choice.size.getHeight(), main, thread, worker);
            surface = new Surface(texture);
            manager.openCamera(choice.id, new Opened(mine), main);
        } catch (CameraAccessException error) {
            boolean disabled = error.getReason() == CameraAccessException.CAMERA_DISABLED;
            fail(disabled ? R.string.camera_disabled : R.string.camera_in_use);
        } catch (IllegalArgumentException error) { // the list of cameras changed
            fail(R.string.camera_failed);
        } catch (SecurityException error) { // the permission was taken back just now
            fail(R.string.permission_needed);
        }
    }

    private void startCapture(final int mine) throws CameraAccessException {
        final CaptureRequest.Builder request = device.createCaptureRequest(CameraDevice.TEMPLATE_RECORD);
        request.addTarget(surface);
        request.addTarget(images.surface());
        // Not earlier: with each new size of its own, the view gives the texture another one.
        texture.setDefaultBufferSize(choice.size.getWidth(), choice.size.getHeight());
        device.createCaptureSession(Arrays.asList(surface, images.surface()),
                new CameraCaptureSession.StateCallback() {
                    @Override
                    public void onConfigured(CameraCaptureSession session) {
                        if (mine != generation) {
                            return;
                        }
                        try {
                            session.setRepeatingRequest(request.build(), null, null);
                            listener.onCameraOpened(
                                    choice.size.getWidth(), choice.size.getHeight(), choice.sensorRotation);
                        } catch (CameraAccessException error) {
                            fail(R.string.camera_failed);
                        } catch (RuntimeException error) { // closed meanwhile, or the texture is gone
                            fail(R.string.camera_failed);
                        }
                    }

                    @Override
                    public void onConfigureFailed(CameraCaptureSession session) {
                        if (mine == generation) {
                            fail(R.string.camera_failed);
                        }
                    }
                }, main);
    }

    private void fail(int message) {
        close();
        listener.onCameraFailed(message);
    }

    private void close() {
        generation++;
        if (device != null) {
            device.close();
            device = null;
        }
        if (images != null) {
            images.close();
            images = null;
        }
        if (surface != null) {
            surface.release();
            surface = null;
        }
    }

    /** What becomes of the camera. */
    private final class Opened extends CameraDevice.StateCallback {
        private final int mine;

        Opened(int mine) {
            this.mine = mine;
        }

        @Override
        public void onOpened(CameraDevice camera) {
            if (mine != generation) { // stopped meanwhile
                camera.close();
                return;
            }
            device = camera;
            try {
                startCapture(mine);
            } catch (CameraAccessException error) {
                fail(R.string.camera_failed);
            } catch (RuntimeException error) { // closed meanwhile, or the texture is gone
                fail(R.string.camera_failed);
            }
        }

        @Override
        public void onDisconnected(CameraDevice camera) { // another app, or a call, has taken it
            camera.close();
            if (mine == generation) {
                fail(R.string.camera_in_use);
            }
        }

        @Override
        public void onError(CameraDevice camera, int error) {
            camera.close();
            if (mine == generation) {
                boolean busy = error == ERROR_CAMERA_IN_USE || error == ERROR_MAX_CAMERAS_IN_USE;
                fail(busy ? R.string.camera_in_use
                        : error == ERROR_CAMERA_DISABLED ? R.string.camera_disabled : R.string.camera_failed);
            }
        }
    }
}
