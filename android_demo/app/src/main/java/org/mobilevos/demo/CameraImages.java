package org.mobilevos.demo;

import android.graphics.ImageFormat;
import android.media.Image;
import android.media.ImageReader;
import android.os.Handler;
import android.view.Surface;
import org.mobilevos.demo.logic.Newest;

/**
 * A camera's images in YUV, of which a worker in another thread gets the newest. They are taken in the UI thread,
 * however long the worker needs: a camera that gets no image back stops, and its preview with it. For the UI thread.
 */
final class CameraImages implements ImageReader.OnImageAvailableListener {
    /** Works on images. */
    interface Worker {
        /**
         * Works on an image, and closes it.
         *
         * @param skipped how many came between the one before and this one
         */
        void onImage(Image image, int skipped);
    }

    // One that is being read, one that waits, and one that replaces it.
    private static final int IMAGES = 3;

    private final ImageReader reader;
    private final Handler thread;
    private final Newest<Image> newest = new Newest<Image>();
    private final Runnable work;

    /** Images of this size for a worker in a thread; the main thread's handler takes them. */
    CameraImages(int width, int height, Handler main, Handler thread, final Worker worker) {
        this.thread = thread;
        work = new Runnable() {
            @Override
            public void run() {
                Image image = newest.take();
                if (image != null) {
                    worker.onImage(image, newest.replaced());
                }
            }
        };
        reader = ImageReader.newInstance(width, height, ImageFormat.YUV_420_888, IMAGES);
        reader.setOnImageAvailableListener(this, main);
    }

    Surface surface() {
        return reader.getSurface();
    }

    @Override
    public void onImageAvailable(ImageReader source) {
        Image image = source.acquireNextImage();
        if (image == null) {
            return;
        }
        Image replaced = newest.put(image);
        if (replaced == null) {
            thread.post(work);
        } else {
            replaced.close();
        }
    }

    /** Gives the images back, after the one that is being read. */
    void close() {
        reader.setOnImageAvailableListener(null, null);
        Image waiting = newest.put(null);
        if (waiting != null) {
            waiting.close();
        }
        thread.post(new Runnable() {
            @Override
            public void run() {
                reader.close();
            }
        });
    }
}
