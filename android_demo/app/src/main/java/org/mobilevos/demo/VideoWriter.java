package org.mobilevos.demo;

import android.media.Image;
import android.media.MediaCodec;
import android.media.MediaCodecInfo;
import android.media.MediaFormat;
import android.media.MediaMuxer;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.mobilevos.core.RgbImage;
import org.mobilevos.demo.logic.RgbToYuv;

/** Writes frames of one size as an H.264 mp4 without sound. For one thread at a time. */
final class VideoWriter implements Closeable {
    private static final long WAIT_US = 10 * 1000;
    // An encoder that gives nothing after so many waits has stopped. A clock would also count the time for which
    // Android froze the app.
    private static final int PATIENCE = 500;
    private static final double BITS_PER_PIXEL = 0.2;
    private static final int SECONDS_PER_KEY_FRAME = 1;
    private static final int NO_TRACK = -1;
    // MediaFormat's names and values of API 24, for players: BT.601 (525 lines), limited range, SDR; what RgbToYuv
    // writes.
    private static final String[] COLOR_KEYS = {"color-standard", "color-range", "color-transfer"};
    private static final int[] COLOR_VALUES = {4, 2, 3};

    private final int width;
    private final int height;
    private final MediaCodec.BufferInfo info = new MediaCodec.BufferInfo();
    private MediaCodec encoder;
    private MediaMuxer muxer;
    private int track = NO_TRACK;
    private long lastUs = -1;

    /**
     * Begins a file.
     *
     * @param frameWidth an odd column or row at the end is left out, since the colours are of two by two pixels
     * @throws VideoException the phone has no encoder for frames of this size
     * @throws IOException the file cannot be written
     */
    VideoWriter(File file, int frameWidth, int frameHeight, float framesPerSecond) throws IOException {
        width = frameWidth & ~1;
        height = frameHeight & ~1;
        MediaFormat format = MediaFormat.createVideoFormat(MediaFormat.MIMETYPE_VIDEO_AVC, width, height);
        format.setInteger(MediaFormat.KEY_COLOR_FORMAT, MediaCodecInfo.CodecCapabilities.COLOR_FormatYUV420Flexible);
        format.setInteger(MediaFormat.KEY_BIT_RATE, (int) (width * height * framesPerSecond * BITS_PER_PIXEL));
        format.setInteger(MediaFormat.KEY_FRAME_RATE, Math.round(framesPerSecond));
        format.setInteger(MediaFormat.KEY_I_FRAME_INTERVAL, SECONDS_PER_KEY_FRAME);
        for (int index = 0; index < COLOR_KEYS.length; index++) {
            format.setInteger(COLOR_KEYS[index], COLOR_VALUES[index]);
        }
        boolean begun = false;
        try {
            muxer = new MediaMuxer(file.getPath(), MediaMuxer.OutputFormat.MUXER_OUTPUT_MPEG_4);
            encoder = MediaCodec.createEncoderByType(MediaFormat.MIMETYPE_VIDEO_AVC);
            encoder.configure(format, null, null, MediaCodec.CONFIGURE_FLAG_ENCODE);
            encoder.start();
            begun = true;
        } catch (RuntimeException error) {
            throw new VideoException("this phone cannot encode videos of " + width + "x" + height
                    + "; choose a video of another size", error);
        } finally {
            if (!begun) {
                release();
            }
        }
    }

    /**
     * Adds a frame.
     *
     * @param timeUs later than that of the frame before; else it is moved
     * @throws VideoException the encoder fails
     */
    void add(RgbImage frame, long timeUs) {
        try {
            int input = waitForInput();
            // Rows and planes may be further apart than the pixels need. First, since the image would not outlive this.
            int bytes = encoder.getInputBuffer(input).capacity();
            Image image = encoder.getInputImage(input);
            if (image == null) {
                throw new VideoException("the phone's encoder does not take frames; the masks can be saved");
            }
            Image.Plane[] planes = image.getPlanes();
            RgbToYuv.luma(frame, width, height, planes[0].getBuffer(), planes[0].getRowStride(),
                    planes[0].getPixelStride());
            for (int plane = 1; plane < planes.length; plane++) {
                RgbToYuv.chroma(frame, width, height, plane == 2, planes[plane].getBuffer(),
                        planes[plane].getRowStride(), planes[plane].getPixelStride());
            }
            lastUs = Math.max(timeUs, lastUs + 1);
            encoder.queueInputBuffer(input, 0, bytes, lastUs, 0);
            drain(false);
        } catch (IllegalStateException error) {
            throw failed(error);
        }
    }

    /**
     * Makes the file whole. Close the writer in any case.
     *
     * @throws VideoException the encoder fails, or there is no room for the file
     */
    void finish() {
        try {
            encoder.queueInputBuffer(waitForInput(), 0, 0, lastUs + 1, MediaCodec.BUFFER_FLAG_END_OF_STREAM);
            drain(true);
            if (track != NO_TRACK) {
                muxer.stop();
            }
        } catch (IllegalStateException error) {
            throw failed(error);
        }
    }

    /** Gives encoder and file back; without {@link #finish} before, the file is of no use. */
    @Override
    public void close() {
        release();
    }

    private int waitForInput() {
        for (int waits = 0; waits < PATIENCE; waits++) {
            int input = encoder.dequeueInputBuffer(WAIT_US);
            if (input >= 0) {
                return input;
            }
            drain(false);
        }
        throw new VideoException("the phone's encoder has stopped; try again, or restart the phone");
    }

    /** Passes on what the encoder has; all of it at the end. */
    private void drain(boolean toTheEnd) {
        for (int waits = 0; waits < PATIENCE; waits++) {
            int output = encoder.dequeueOutputBuffer(info, toTheEnd ? WAIT_US : 0);
            if (output == MediaCodec.INFO_OUTPUT_FORMAT_CHANGED) {
                track = muxer.addTrack(encoder.getOutputFormat());
                muxer.start();
            } else if (output >= 0) {
                waits = 0;
                boolean configuration = (info.flags & MediaCodec.BUFFER_FLAG_CODEC_CONFIG) != 0; // the format has it
                if (info.size > 0 && !configuration) {
                    ByteBuffer buffer = encoder.getOutputBuffer(output);
                    muxer.writeSampleData(track, buffer, info);
                }
                encoder.releaseOutputBuffer(output, false);
                if ((info.flags & MediaCodec.BUFFER_FLAG_END_OF_STREAM) != 0) {
                    return;
                }
            } else if (!toTheEnd && output == MediaCodec.INFO_TRY_AGAIN_LATER) {
                return;
            }
        }
        throw new VideoException("the phone's encoder has stopped; try again, or restart the phone");
    }

    private void release() {
        if (encoder != null) {
            encoder.release();
            encoder = null;
        }
        if (muxer != null) {
            try {
                muxer.release();
            } catch (IllegalStateException error) {
                // Nothing was written to it; it is gone all the same.
            }
            muxer = null;
        }
    }

    private static VideoException failed(IllegalStateException error) {
        return new VideoException("the video cannot be written; free some space, or choose a smaller video", error);
    }
}
